using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Tests;

namespace AutoGlm.Cuda.Tests.Plan;

/// <summary>A decoder as models have them, whose rows are all multiples of 128 wide, so that products can be handed them.</summary>
internal static class WideDecoder
{
    public const int Layers = 2, Vocabulary = 96;

    public static (ComputationGraph Graph, IWeightSource Weights) Make(TensorType type)
    {
        const int Hidden = 256, Inner = 384, HeadSize = 64, Heads = 4, KvHeads = 2;
        GraphBuilder b = new();
        int weights = 0;
        Value Norm(Value x) => b.Norm(x, $"norm{weights++}");
        Value Product(Value x, int outputs) => b.MatMul(x, $"matrix{weights++}", outputs, type);
        RopeTable rope = new(RopeLayout.Halves, [.. Enumerable.Range(0, HeadSize / 2).Select(i => MathF.Pow(100, -i / 32f))], 1);
        Value x = b.Embed("embedding", Vocabulary, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            Value normed = Norm(x);
            Value q = b.Rope(Product(normed, Heads * HeadSize), HeadSize, rope), k = b.Rope(Product(normed, KvHeads * HeadSize), HeadSize, rope);
            x = b.Add(x, Product(b.Attention(q, k, Product(normed, KvHeads * HeadSize), Heads, KvHeads), Hidden));
            normed = Norm(x);
            Value inner = b.Multiply(b.Activate(Product(normed, Inner)), Product(normed, Inner));
            x = b.Add(x, Product(inner, Hidden));
        }

        return (b.Finish(Product(Norm(b.Select(x)), Vocabulary)), b);
    }
}
