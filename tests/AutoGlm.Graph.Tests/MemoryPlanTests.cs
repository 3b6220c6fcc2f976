using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;
using CsCheck;
using static AutoGlm.Graph.Tests.Graphs;

namespace AutoGlm.Graph.Tests;

public class MemoryPlanTests
{
    [Fact]
    public void A_chain_of_elementwise_nodes_works_in_one_buffer()
    {
        MemoryPlan plan = MemoryPlan.For(Of(Embed(), Scale(0, 2), Scale(1, 3)));

        Assert.Single(plan.Widths);
        Assert.Equal(16, plan.BytesPerRow);
        Assert.Equal(48, plan.UnplannedBytesPerRow);
    }

    [Fact]
    public void A_deep_graph_runs_in_the_memory_of_a_layer()
    {
        List<Node> nodes = [Embed()];
        for (int layer = 0; layer < 50; layer++)
        {
            int x = nodes.Count - 1;
            nodes.AddRange([Norm(x), MatMul(x + 1), Add(x, x + 2)]);
        }

        MemoryPlan plan = MemoryPlan.For(Of([.. nodes, Select(nodes.Count - 1)]));

        Assert.InRange(plan.Widths.Count, 3, 4);
    }

    [Fact]
    public void No_value_is_overwritten_while_it_is_still_to_be_read()
    {
        Gen.Int[0, int.MaxValue].Sample(
            seed =>
            {
                ComputationGraph graph = Random(new Random(seed));
                MemoryPlan plan = MemoryPlan.For(graph);
                int[][] holds = [.. plan.Widths.Select(width => Enumerable.Repeat(-1, width).ToArray())];
                Span<int> Columns(int node) => holds[plan[new Value(node)].Buffer].AsSpan(plan[new Value(node)].Column, graph.Nodes[node].Width);
                for (int i = 0; i < graph.Nodes.Count; i++)
                {
                    foreach (Value input in graph.Nodes[i].Inputs) Assert.False(Columns(input.Index).ContainsAnyExcept(input.Index));
                    // Only what says that it works in place may write what it reads.
                    foreach (Value input in graph.Nodes[i].Inputs)
                    {
                        if (plan[input].Buffer == plan[new Value(i)].Buffer) Assert.Equal(graph.Nodes[i].InPlace, input);
                    }

                    Columns(i).Fill(i);
                }

                Assert.False(Columns(graph.Output.Index).ContainsAnyExcept(graph.Output.Index));
                Assert.Equal(plan.OutputBuffer, plan[graph.Output].Buffer);
            },
            iter: 2000);
    }

    private static ComputationGraph Random(Random random)
    {
        List<Node> nodes = [Embed()];
        for (int i = 0; i < random.Next(1, 40); i++)
        {
            int Any() => random.Next(nodes.Count);
            int x = Any();
            nodes.Add(random.Next(5) switch
            {
                0 => Add(x, Any()),
                1 => Scale(x, 2),
                2 => Norm(x),
                3 => Attention(x, Any(), Any()),
                _ => MatMul(x),
            });
        }

        return Of([.. nodes]);
    }
}
