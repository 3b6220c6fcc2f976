using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>Mistral: Llama's layers with a sliding window (arXiv:2310.06825). GGUF files call it llama.</summary>
internal static class Mistral
{
    public static Architecture Definition { get; } = new("mistral", "", ["mistral"], Build);

    private static ComputationGraph Build(DecoderBuilder b)
    {
        RopeTable rope = b.Config.Rope.Global(10_000, 1).ToTable(b.RopeLayout);
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            x = b.Add(x, layer.Attend(q, k, v, rope, window: b.Config.SlidingWindow));
            x = b.Add(x, layer.FeedForward(layer.Norm(x, "ffn_norm")));
        }

        return b.Finish(x);
    }
}
