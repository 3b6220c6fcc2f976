using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;
using static AutoGlm.Graph.Tests.Graphs;

namespace AutoGlm.Graph.Tests;

public class PassTests
{
    [Fact]
    public void Dead_nodes_go_and_KV_writes_stay()
    {
        ComputationGraph before = Of(Embed(), Norm(0), MatMul(1), Scale(1, 2), Attention(2, 2, 2), Scale(4, 3), MatMul(1));

        ComputationGraph after = DeadNodes.Eliminate(before);

        Assert.Equal("Embed() RmsNorm(0) MatMul(1) Attention(2,2,2) MatMul(1) -> 4", Text(after));
    }

    [Fact]
    public void Equal_expressions_are_computed_once()
    {
        ComputationGraph before = Of(Embed(), Norm(0), Norm(0), MatMul(1), MatMul(2), Scale(3, 2), Scale(4, 2), Scale(4, 3), Add(5, 6), Add(8, 7));

        ComputationGraph after = DeadNodes.Eliminate(CommonSubexpressions.Merge(before));

        Assert.Equal("Embed() RmsNorm(0) MatMul(1) Scale(2) Scale(2) Add(3,3) Add(5,4) -> 6", Text(after));
    }

    [Fact]
    public void What_writes_the_cache_is_never_merged()
    {
        ComputationGraph before = Of(Embed(), Attention(0, 0, 0), Attention(0, 0, 0), Add(1, 2));

        Assert.Equal(Text(before), Text(CommonSubexpressions.Merge(before)));
    }

    [Fact]
    public void After_the_last_attention_only_wanted_rows_go_on()
    {
        ComputationGraph before = Of(
            Embed(), Norm(0), Attention(1, 1, 1), MatMul(2), Add(0, 3), Norm(4), MatMul(5), Add(4, 6), Norm(7), Select(8), MatMul(9, Head, RowSpace.Logits));

        ComputationGraph after = DeadRows.Eliminate(before);

        Assert.Equal(
            "Embed() RmsNorm(0) Attention(1,1,1) SelectRows*(2) MatMul*(3) SelectRows*(0) Add*(5,4) RmsNorm*(6) MatMul*(7) Add*(6,8) RmsNorm*(9) MatMul*(10) -> 11",
            Text(after));
    }

    [Fact]
    public void Rows_that_an_attention_still_reads_are_all_computed()
    {
        ComputationGraph before = Of(Embed(), Norm(0), Attention(1, 1, 1, 0), Add(0, 2), Attention(3, 3, 3, 1), Select(4));

        Assert.Equal("Embed() RmsNorm(0) Attention(1,1,1) Add(0,2) Attention(3,3,3) SelectRows*(4) -> 5", Text(DeadRows.Eliminate(before)));
    }

    [Fact]
    public void Passes_can_be_left_out_by_name_and_unknown_names_are_refused()
    {
        ComputationGraph graph = Of(Embed(), Norm(0), Norm(0), Add(1, 2));

        Assert.Equal("Embed() RmsNorm(0) Add(1,1) -> 2", Text(GraphOptimizer.Optimize(graph)));
        Assert.Equal("Embed() RmsNorm(0) RmsNorm(0) Add(1,2) -> 3", Text(GraphOptimizer.Optimize(graph, ["common-subexpressions"])));
        Assert.Contains("common-subexpressions", Assert.Throws<ArgumentException>(() => GraphOptimizer.Optimize(graph, ["magic"])).Message);
    }

    [Fact]
    public void A_graph_reads_only_what_was_made_before()
    {
        Assert.Throws<ArgumentException>(() => Of(Embed(), Norm(1)));
        Assert.Throws<ArgumentException>(() => new ComputationGraph("test", [Embed()], new Value(1)));
    }
}
