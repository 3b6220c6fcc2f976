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

        Assert.Equal([0, 0, 0], plan.BufferOf);
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
                int[] holds = Enumerable.Repeat(-1, plan.Widths.Count).ToArray();
                for (int i = 0; i < graph.Nodes.Count; i++)
                {
                    foreach (Value input in graph.Nodes[i].Inputs) Assert.Equal(input.Index, holds[plan.BufferOf[input.Index]]);
                    int buffer = plan.BufferOf[i];
                    Assert.True(plan.Widths[buffer] >= graph.Nodes[i].Width);
                    // Only what says that it works in place may write what it reads.
                    if (graph.Nodes[i].Inputs.Any(input => plan.BufferOf[input.Index] == buffer)) Assert.Equal(buffer, plan.BufferOf[graph.Nodes[i].InPlace!.Value.Index]);
                    holds[buffer] = i;
                }

                Assert.Equal(graph.Output.Index, holds[plan.OutputBuffer]);
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
