using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;
using CsCheck;

namespace AutoGlm.Graph.Tests;

/// <summary>Each pass, before and after.</summary>
public class PassTests
{
    private readonly GraphBuilder _b = new();

    [Fact]
    public void Dead_nodes_go_and_kv_writes_stay()
    {
        Value x = _b.Embed("e", 10, 8);
        _b.Scale(x, 3);
        Value y = _b.Activate(x);
        _b.Attention(x, x, x, 1, 1);
        ComputationGraph graph = _b.Finish(_b.Select(y));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 8]
            %1 Activate Silu [tokens, 8] %0
            %2 Attention layer 0 [tokens, 8] %0, %0, %0
            %3 SelectRows [logits, 8] %1
            return %3
            """,
            DeadNodes.Eliminate(graph));
    }

    [Fact]
    public void Equal_expressions_are_computed_once()
    {
        Value x = _b.Embed("e", 10, 8);
        Value a = _b.Norm(x, "g"), b = _b.Norm(x, "g"), other = _b.Norm(x, "h");
        ComputationGraph graph = _b.Finish(_b.Select(_b.Add(_b.Add(_b.Scale(a, 2), _b.Scale(b, 2)), other)));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 8]
            %1 RmsNorm g [tokens, 8] %0
            %2 RmsNorm h [tokens, 8] %0
            %3 Scale by 2 [tokens, 8] %1
            %4 Add [tokens, 8] %3, %3
            %5 Add [tokens, 8] %4, %2
            %6 SelectRows [logits, 8] %5
            return %6
            """,
            DeadNodes.Eliminate(CommonSubexpressions.Merge(graph)));
    }

    [Fact]
    public void Attentions_that_look_alike_each_write_their_cache()
    {
        Value x = _b.Embed("e", 10, 8);
        AttentionShape shape = new() { Layer = 0, Heads = 1, KvHeads = 1, KeySize = 8, ValueSize = 8, Scale = 1 };
        Value a = _b.Append(new Attention(x, x, x, shape) { Width = 8 }), b = _b.Append(new Attention(x, x, x, shape) { Width = 8 });
        ComputationGraph graph = _b.Finish(_b.Select(_b.Add(a, b)));

        Assert.Equal(2, CommonSubexpressions.Merge(graph).Attentions.Count());
    }

    [Fact]
    public void After_the_last_attention_only_wanted_rows_go_on()
    {
        Value x = _b.Embed("e", 10, 8);
        Value attended = _b.Attention(x, x, x, 1, 1);
        Value sum = _b.Add(x, attended);
        Value y = _b.Add(sum, _b.MatMul(_b.Norm(sum, "g"), "w", 8));
        ComputationGraph graph = _b.Finish(_b.MatMul(_b.Select(y), "head", 10));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 8]
            %1 Attention layer 0 [tokens, 8] %0, %0, %0
            %2 SelectRows [logits, 8] %0
            %3 SelectRows [logits, 8] %1
            %4 Add [logits, 8] %2, %3
            %5 RmsNorm g [logits, 8] %4
            %6 MatMul w [logits, 8] %5
            %7 Add [logits, 8] %4, %6
            %8 MatMul head [logits, 10] %7
            return %8
            """,
            DeadRows.Eliminate(graph));
    }

    [Fact]
    public void Values_that_an_attention_reads_keep_all_rows()
    {
        Value x = _b.Embed("e", 10, 8);
        Value k = _b.Norm(x, "g");
        Value y = _b.Add(_b.Attention(k, k, k, 1, 1), k);

        ComputationGraph graph = DeadRows.Eliminate(_b.Finish(_b.Select(y)));

        Assert.Equal(RowSpace.Tokens, graph.Nodes.OfType<RmsNorm>().Single().Rows);
        Assert.Equal(RowSpace.Logits, graph.Nodes.OfType<Add>().Single().Rows);
    }

    [Fact]
    public void Constants_fold_where_no_bit_changes()
    {
        Value x = _b.Scale(_b.Embed("e", 10, 8), 1);
        x = _b.Scale(_b.Scale(x, 3), 0.5f);
        x = _b.Scale(_b.Scale(x, 3), 5);
        x = _b.Slice(_b.Slice(_b.Slice(x, 0, 8), 2, 5), 1, 3);
        ComputationGraph graph = _b.Finish(_b.Select(x));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 8]
            %1 Scale by 1.5 [tokens, 8] %0
            %2 Scale by 3 [tokens, 8] %1
            %3 Scale by 5 [tokens, 8] %2
            %4 Slice at 3 [tokens, 3] %3
            %5 SelectRows [logits, 3] %4
            return %5
            """,
            DeadNodes.Eliminate(FoldedConstants.Fold(graph)));
    }

    [Fact]
    public void Rotations_of_queries_and_keys_go_into_their_attention()
    {
        RopeTable table = new(RopeLayout.Halves, [1, 0.5f], 1);
        Value x = _b.Embed("e", 10, 16);
        Value q = _b.Rope(_b.MatMul(x, "q", 16), 8, table), k = _b.Rope(_b.MatMul(x, "k", 8), 8, table);
        ComputationGraph graph = _b.Finish(_b.Select(_b.Attention(q, k, _b.MatMul(x, "v", 8), 2, 1)));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 16]
            %1 MatMul q [tokens, 16] %0
            %2 MatMul k [tokens, 8] %0
            %3 MatMul v [tokens, 8] %0
            %4 Attention layer 0 rotary [tokens, 16] %1, %2, %3
            %5 SelectRows [logits, 16] %4
            return %5
            """,
            RotaryAttention.Fuse(graph));
    }

    [Fact]
    public void Rotations_that_others_read_too_or_that_differ_stay()
    {
        RopeTable table = new(RopeLayout.Halves, [1, 0.5f], 1), other = new(RopeLayout.Interleaved, [1, 0.5f], 1);
        Value x = _b.Embed("e", 10, 16), v = _b.MatMul(x, "v", 8);
        Value q = _b.Rope(_b.MatMul(x, "q", 16), 8, table), k = _b.Rope(_b.MatMul(x, "k", 8), 8, table);
        x = _b.Add(_b.Attention(q, k, v, 2, 1), q);
        x = _b.Add(x, _b.Attention(_b.Rope(_b.MatMul(x, "r", 16), 8, table), _b.Rope(_b.MatMul(x, "s", 8), 8, other), v, 2, 1));
        ComputationGraph graph = _b.Finish(_b.Select(x));

        Assert.Equal(GraphText.Of(graph), GraphText.Of(RotaryAttention.Fuse(graph)));
    }

    [Fact]
    public void Projections_of_one_value_merge_by_type()
    {
        Value x = _b.Embed("e", 10, 256);
        Value q = _b.MatMul(x, "q", 64, TensorType.Q4_K, bias: true), k = _b.MatMul(x, "k", 16, TensorType.Q4_K, bias: true);
        Value v = _b.MatMul(x, "v", 16, TensorType.Q6_K, bias: true), g = _b.MatMul(x, "g", 16, TensorType.Q4_K);
        ComputationGraph graph = _b.Finish(_b.Select(_b.Add(_b.Attention(q, k, v, 4, 1), _b.Concat(_b.Concat(g, g), _b.Concat(g, g)))));

        ComputationGraph merged = MergedProjections.Merge(graph);

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 256]
            %1 MatMul q+k q.bias+k.bias [tokens, 80] %0
            %2 Slice at 0 [tokens, 64] %1
            %3 Slice at 64 [tokens, 16] %1
            %4 MatMul v v.bias [tokens, 16] %0
            %5 MatMul g [tokens, 16] %0
            %6 Attention layer 0 [tokens, 64] %2, %3, %4
            %7 Concat [tokens, 32] %5, %5
            %8 Concat [tokens, 32] %5, %5
            %9 Concat [tokens, 64] %7, %8
            %10 Add [tokens, 64] %6, %9
            %11 SelectRows [logits, 64] %10
            return %11
            """,
            merged);
        Weight joined = ((MatMul)merged.Nodes[1]).W;
        Assert.Equal([80, 256], joined.Shape);
        Assert.Equal(["q", "k"], joined.Parts.Select(part => part.Name));
    }

    [Fact]
    public void Weights_used_twice_or_of_unknown_type_do_not_merge()
    {
        Value x = _b.Embed("e", 32, 32);
        Value a = _b.MatMul(x, "e", 32), b = _b.MatMul(x, "b", 32), c = _b.MatMul(x, "c", 32), d = _b.MatMul(b, "c", 32);
        Value f = _b.Append(new MatMul(x, new Weight("f", 32, 32), null) { Width = 32 });
        ComputationGraph graph = _b.Finish(_b.Select(_b.Add(_b.Add(_b.Add(a, b), _b.Add(c, d)), f)));

        Assert.Equal(GraphText.Of(graph), GraphText.Of(MergedProjections.Merge(graph)));
    }

    [Fact]
    public void Activation_times_value_is_one_node()
    {
        Value x = _b.Embed("e", 10, 8);
        Value gate = _b.MatMul(x, "g", 8), up = _b.MatMul(x, "u", 8);
        Value inner = _b.Multiply(up, _b.Activate(gate, ActivationKind.GeluTanh));
        Value kept = _b.Activate(inner);
        ComputationGraph graph = _b.Finish(_b.Select(_b.Add(_b.Multiply(kept, inner), kept)));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 8]
            %1 MatMul g [tokens, 8] %0
            %2 MatMul u [tokens, 8] %0
            %3 Gated GeluTanh [tokens, 8] %1, %2
            %4 Activate Silu [tokens, 8] %3
            %5 Multiply [tokens, 8] %4, %3
            %6 Add [tokens, 8] %5, %4
            %7 SelectRows [logits, 8] %6
            return %7
            """,
            GatedActivations.Fuse(graph));
    }

    [Fact]
    public void Residual_sums_go_into_matmuls()
    {
        Value x = _b.Embed("e", 10, 8);
        Value y = _b.Add(x, _b.MatMul(x, "a", 8));
        Value read = _b.MatMul(y, "b", 8);
        Value z = _b.Add(_b.Add(read, y), _b.Norm(read, "g"));
        Value both = _b.Add(_b.MatMul(z, "c", 8), _b.MatMul(z, "d", 8));
        ComputationGraph graph = _b.Finish(_b.Select(both));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 8]
            %1 MatMul a [tokens, 8] %0, %0
            %2 MatMul b [tokens, 8] %1
            %3 Add [tokens, 8] %2, %1
            %4 RmsNorm g [tokens, 8] %2
            %5 Add [tokens, 8] %3, %4
            %6 MatMul c [tokens, 8] %5
            %7 MatMul d [tokens, 8] %5, %6
            %8 SelectRows [logits, 8] %7
            return %8
            """,
            ResidualMatMuls.Fuse(graph));
    }

    [Fact]
    public void A_llama_layer_becomes_ten_nodes_and_five_views()
    {
        RopeTable rope = new(RopeLayout.Halves, [1, 0.5f], 1);
        Value x = _b.Embed("e", 10, 32), h = _b.Norm(x, "g");
        Value q = _b.Rope(_b.MatMul(h, "q", 32), 8, rope), k = _b.Rope(_b.MatMul(h, "k", 16), 8, rope), v = _b.MatMul(h, "v", 16);
        x = _b.Add(x, _b.MatMul(_b.Attention(q, k, v, 4, 2), "o", 32));
        h = _b.Norm(x, "h");
        x = _b.Add(x, _b.MatMul(_b.Multiply(_b.Activate(_b.MatMul(h, "gate", 64)), _b.MatMul(h, "up", 64)), "down", 32));
        x = _b.MatMul(_b.Select(x), "head", 10);

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 32]
            %1 RmsNorm g [tokens, 32] %0
            %2 MatMul q+k+v [tokens, 64] %1
            %3 Slice at 0 [tokens, 32] %2
            %4 Slice at 32 [tokens, 16] %2
            %5 Slice at 48 [tokens, 16] %2
            %6 Rope [tokens, 32] %3
            %7 Rope [tokens, 16] %4
            %8 Attention layer 0 [tokens, 32] %6, %7, %5
            %9 SelectRows [logits, 32] %8
            %10 SelectRows [logits, 32] %0
            %11 MatMul o [logits, 32] %9, %10
            %12 RmsNorm h [logits, 32] %11
            %13 MatMul gate+up [logits, 128] %12
            %14 Slice at 0 [logits, 64] %13
            %15 Slice at 64 [logits, 64] %13
            %16 Gated Silu [logits, 64] %14, %15
            %17 MatMul down [logits, 32] %16, %11
            %18 MatMul head [logits, 10] %17
            return %18
            """,
            GraphOptimizer.Optimize(_b.Finish(x)));
    }

    [Fact]
    public void A_pass_can_be_left_out_by_name_alone()
    {
        ComputationGraph graph = RandomGraph.Make(1).Graph;
        string[] all = [.. GraphOptimizer.Passes.Select(pass => pass.Name)];

        Assert.Equal(GraphText.Of(graph), GraphText.Of(GraphOptimizer.Optimize(graph, all)));
        ArgumentException error = Assert.Throws<ArgumentException>(() => GraphOptimizer.Optimize(graph, ["dead-code"]));
        Assert.Contains("'dead-code'", error.Message);
        Assert.Contains("merge-projections", error.Message);
    }

    [Fact]
    public void Passes_keep_the_output_and_the_kv_cache_of_random_graphs() => Gen.Int[0, 1_000_000].Sample(
        seed =>
        {
            ComputationGraph graph = RandomGraph.Make(seed).Graph, optimized = GraphOptimizer.Optimize(graph);
            Assert.Equal(graph[graph.Output].Width, optimized[optimized.Output].Width);
            Assert.Equal(RowSpace.Logits, optimized[optimized.Output].Rows);
            Assert.Equal(graph.Attentions.Select(node => node.Shape), optimized.Attentions.Select(node => node.Shape));
            // Slices and row selections move no arithmetic: passes may add some to spare nodes that do.
            Assert.InRange(optimized.Nodes.Count(Computes), 1, graph.Nodes.Count(Computes));
            Assert.Equal(GraphText.Of(optimized), GraphText.Of(GraphOptimizer.Optimize(optimized)));
        },
        iter: 200);

    private static bool Computes(Node node) => node is not (Slice or SelectRows);
}
