using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>Qwen 3: each head of queries and keys is normalised before its rotation (arXiv:2505.09388).</summary>
internal static class Qwen3
{
    public static Architecture Definition { get; } = new("qwen3", "qwen3", ["qwen3"], Build);

    private static ComputationGraph Build(DecoderBuilder b)
    {
        RopeTable rope = b.Config.Rope.Global(10_000, 1).ToTable(b.RopeLayout);
        long fullLayers = b.Config.Settings.FindInteger("", "max_window_layers") ?? 28;
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            int window = b.Config.Slides(i, index => index >= fullLayers) ? b.Config.SlidingWindow : 0;
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            (q, k) = layer.NormHeads(q, k);
            x = b.Add(x, layer.Attend(q, k, v, rope, window: window));
            x = b.Add(x, layer.FeedForward(layer.Norm(x, "ffn_norm")));
        }

        return b.Finish(x);
    }
}
