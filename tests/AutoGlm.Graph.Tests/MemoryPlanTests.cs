using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;
using CsCheck;

namespace AutoGlm.Graph.Tests;

public class MemoryPlanTests
{
    private readonly GraphBuilder _b = new();

    [Fact]
    public void A_chain_runs_in_two_buffers_and_the_outputs_own()
    {
        Value x = _b.Embed("e", 10, 8);
        for (int i = 0; i < 20; i++) x = _b.Activate(_b.Norm(x, $"g{i}"));
        ComputationGraph graph = _b.Finish(_b.Select(x));

        MemoryPlan plan = MemoryPlan.For(graph);

        Assert.Equal([8, 8, 8], plan.Widths);
        Assert.Equal(3 * 8 * 4, plan.BytesPerRow);
        Assert.Equal(42 * 8 * 4, plan.UnplannedBytesPerRow);
    }

    [Fact]
    public void Slices_lie_in_what_they_are_cut_from_and_are_overwritten_there()
    {
        RopeTable rope = new(RopeLayout.Halves, [1, 0.5f], 1);
        Value all = _b.MatMul(_b.Embed("e", 10, 8), "w", 24);
        Value q = _b.Slice(all, 0, 16), k = _b.Slice(all, 16, 8), turned = _b.Rope(q, 8, rope), turnedKey = _b.Rope(k, 8, rope);
        ComputationGraph graph = _b.Finish(_b.Select(_b.Attention(turned, turnedKey, turnedKey, 2, 1)));

        MemoryPlan plan = MemoryPlan.For(graph);

        Assert.Equal(new Placement(plan[all].Buffer, 0, 24), plan[all]);
        Assert.Equal(plan[all], plan[turned]);
        Assert.Equal(new Placement(plan[all].Buffer, 16, 24), plan[turnedKey]);
    }

    [Fact]
    public void A_slice_whose_columns_are_read_later_is_not_overwritten()
    {
        Value all = _b.MatMul(_b.Embed("e", 10, 8), "w", 24);
        Value part = _b.Slice(all, 0, 16), scaled = _b.Scale(part, 2), whole = _b.Activate(all);
        ComputationGraph graph = _b.Finish(_b.Select(_b.Concat(scaled, whole)));

        MemoryPlan plan = MemoryPlan.For(graph);

        Assert.Equal(plan[all].Buffer, plan[part].Buffer);
        Assert.NotEqual(plan[all].Buffer, plan[scaled].Buffer);
        Assert.Equal(plan[all].Buffer, plan[whole].Buffer);
    }

    [Fact]
    public void The_output_has_a_buffer_of_its_own_width()
    {
        Value x = _b.Select(_b.MatMul(_b.Embed("e", 10, 8), "w", 24));
        Value output = _b.Activate(_b.Slice(x, 4, 8));

        MemoryPlan plan = MemoryPlan.For(_b.Finish(output));

        Assert.Equal(new Placement(plan.OutputBuffer, 0, 8), plan[output]);
        Assert.NotEqual(plan.OutputBuffer, plan[x].Buffer);
    }

    [Fact]
    public void An_output_that_is_a_slice_is_copied()
    {
        Value x = _b.Select(_b.Embed("e", 10, 24)), output = _b.Slice(x, 4, 8);

        MemoryPlan plan = MemoryPlan.For(_b.Finish(output));

        Assert.Equal(new Placement(plan.OutputBuffer, 0, 8), plan[output]);
        Assert.NotEqual(plan.OutputBuffer, plan[x].Buffer);
    }

    /// <summary>Runs the plan on labels instead of numbers: every node must find its inputs' labels where the plan says they are.</summary>
    [Fact]
    public void No_value_is_lost_before_its_last_reader() => Gen.Int[0, 1_000_000].Select(Gen.Bool).Sample(
        (seed, optimized) =>
        {
            ComputationGraph graph = RandomGraph.Make(seed).Graph;
            if (optimized) graph = GraphOptimizer.Optimize(graph);
            MemoryPlan plan = MemoryPlan.For(graph);
            (int Value, int Column)[][] buffers = [.. plan.Widths.Select(width => new (int, int)[width])];
            for (int i = 0; i < graph.Nodes.Count; i++)
            {
                foreach (Value input in graph.Nodes[i].Inputs) Check(input);
                Placement place = plan[new Value(i)];
                Assert.True(place.Column + graph.Nodes[i].Width <= place.RowWidth && place.RowWidth <= plan.Widths[place.Buffer]);
                bool view = graph.Nodes[i].View is { } seen && plan[seen.Of].Buffer == place.Buffer;
                for (int c = 0; !view && c < graph.Nodes[i].Width; c++) buffers[place.Buffer][place.Column + c] = (i, c);
            }

            Check(graph.Output);
            Assert.Equal(0, plan[graph.Output].Column);
            Assert.Equal(graph[graph.Output].Width, plan[graph.Output].RowWidth);

            void Check(Value value)
            {
                Placement place = plan[value];
                (int owner, int first) = Origin(graph, plan, value);
                for (int c = 0; c < graph[value].Width; c++) Assert.Equal((owner, first + c), buffers[place.Buffer][place.Column + c]);
            }
        },
        iter: 300);

    [Fact]
    public void The_outputs_buffer_holds_only_rows_that_want_logits() => Gen.Int[0, 1_000_000].Sample(
        seed =>
        {
            ComputationGraph graph = GraphOptimizer.Optimize(RandomGraph.Make(seed).Graph);
            MemoryPlan plan = MemoryPlan.For(graph);
            Assert.All(
                Enumerable.Range(0, graph.Nodes.Count).Where(i => plan[new Value(i)].Buffer == plan.OutputBuffer),
                i => Assert.Equal((RowSpace.Logits, graph[graph.Output].Width), (graph.Nodes[i].Rows, plan[new Value(i)].RowWidth)));
        },
        iter: 100);

    [Fact]
    public void Passes_never_raise_the_peak_of_a_llama() => Gen.Int[1, 6].Sample(layers =>
    {
        GraphBuilder b = new();
        Value x = b.Embed("e", 10, 64);
        for (int i = 0; i < layers; i++)
        {
            Value h = b.Norm(x, $"g{i}");
            x = b.Add(x, b.MatMul(b.Attention(b.MatMul(h, $"q{i}", 64), b.MatMul(h, $"k{i}", 32), b.MatMul(h, $"v{i}", 32), 4, 2), $"o{i}", 64));
            h = b.Norm(x, $"h{i}");
            x = b.Add(x, b.MatMul(b.Multiply(b.Activate(b.MatMul(h, $"gate{i}", 192)), b.MatMul(h, $"up{i}", 192)), $"down{i}", 64));
        }

        ComputationGraph graph = b.Finish(b.MatMul(b.Select(b.Norm(x, "g")), "head", 10));
        Assert.True(MemoryPlan.For(GraphOptimizer.Optimize(graph)).BytesPerRow <= MemoryPlan.For(graph).BytesPerRow);
    });

    /// <summary>The node that wrote a value's numbers, and at which column: a view's are those of what it looks at.</summary>
    private static (int Owner, int Column) Origin(ComputationGraph graph, MemoryPlan plan, Value value)
    {
        int column = 0;
        while (graph[value].View is { } view && plan[view.Of].Buffer == plan[value].Buffer)
        {
            column += view.Column;
            value = view.Of;
        }

        return (value.Index, column);
    }
}
