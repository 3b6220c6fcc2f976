using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Graph.Tests;

/// <summary>Norms that go into what is before and after them, before and after.</summary>
public class NormPassTests
{
    private readonly GraphBuilder _b = new();

    [Fact]
    public void Norms_that_only_matmuls_read_go_into_them()
    {
        Value x = _b.Embed("e", 10, 32), h = _b.Norm(x, "g");
        Value sum = _b.Add(_b.MatMul(h, "a", 32, TensorType.Q8_0), _b.MatMul(h, "b", 32, TensorType.Q4_0));
        ComputationGraph graph = _b.Finish(_b.MatMul(_b.Select(_b.Norm(sum, "n")), "head", 10, TensorType.Q8_0));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 32]
            %1 MatMul normed a g [tokens, 32] %0
            %2 MatMul normed b g [tokens, 32] %0
            %3 Add [tokens, 32] %1, %2
            %4 RmsNorm n [tokens, 32] %3
            %5 SelectRows [logits, 32] %4
            %6 MatMul head [logits, 10] %5
            return %6
            """,
            NormedMatMuls.Fuse(graph, Quantizes));
    }

    [Fact]
    public void Norms_of_heads_and_norms_that_are_needed_as_floats_stay()
    {
        Value x = _b.Embed("e", 10, 32);
        Value heads = _b.MatMul(_b.Norm(x, "heads", 8), "a", 32, TensorType.Q8_0);
        Value h = _b.Norm(heads, "both");
        Value mixed = _b.Add(_b.MatMul(h, "b", 32, TensorType.Q8_0), _b.MatMul(h, "f", 32));
        Value read = _b.Norm(mixed, "read");
        Value addend = _b.Append(new Nodes.MatMul(read, _b.Matrix("c", TensorType.Q8_0, 32, 32), null, read) { Width = 32 });
        ComputationGraph graph = _b.Finish(_b.Norm(_b.Select(addend), "output"));

        Assert.Equal(GraphText.Of(graph), GraphText.Of(NormedMatMuls.Fuse(graph, Quantizes)));
    }

    [Fact]
    public void Sums_join_the_norm_of_a_term_and_the_norm_that_follows()
    {
        Value x = _b.Embed("e", 10, 32);
        Value normed = _b.Add(_b.Norm(_b.MatMul(x, "a", 32, TensorType.Q8_0), "post"), x);
        Value fed = _b.Activate(_b.MatMul(_b.Norm(normed, "g"), "b", 32, TensorType.Q8_0));
        Value plain = _b.Add(normed, fed);
        Value out1 = _b.MatMul(_b.Norm(plain, "h"), "c", 32, TensorType.Q8_0);
        ComputationGraph graph = _b.Finish(_b.Select(_b.Add(_b.Activate(out1), plain)));

        GraphText.AssertIs(
            """
            %0 Embed e [tokens, 32]
            %1 MatMul a [tokens, 32] %0
            %2 ResidualAdd normed post [tokens, 32] %0, %1
            %3 MatMul normed b g [tokens, 32] %2
            %4 Activate Silu [tokens, 32] %3
            %5 ResidualAdd [tokens, 32] %2, %4
            %6 MatMul normed c h [tokens, 32] %5
            %7 Activate Silu [tokens, 32] %6
            %8 Add [tokens, 32] %7, %5
            %9 SelectRows [logits, 32] %8
            return %9
            """,
            ResidualNorms.Fuse(NormedMatMuls.Fuse(graph, Quantizes)));
    }

    [Fact]
    public void Terms_that_others_read_too_are_normed_apart()
    {
        Value x = _b.Embed("e", 10, 32), norm = _b.Norm(x, "g");
        ComputationGraph graph = _b.Finish(_b.Select(_b.Add(_b.Add(norm, x), norm)));

        Assert.Equal(GraphText.Of(graph), GraphText.Of(ResidualNorms.Fuse(graph)));
    }

    private static bool Quantizes(Weight weight) => weight.Type is not TensorType.F32;
}
