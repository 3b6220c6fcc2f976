using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>Llama 1 to 3.3, SmolLM2, and all who took over its layers (arXiv:2302.13971, arXiv:2407.21783).</summary>
internal static class Llama
{
    public static Architecture Definition { get; } = new("llama", "llama", ["llama"], Build) { GgufRope = RopeLayout.Interleaved };

    public static ComputationGraph Build(DecoderBuilder b)
    {
        // GGUF calls Mixtral a llama with experts.
        if (b.Config.Settings.CountOrZero("expert_count", "") > 0) return Mixtral.Build(b);

        RopeTable rope = b.Config.Rope.Global(10_000, 1).ToTable(b.RopeLayout);
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            x = b.Add(x, layer.Attend(q, k, v, rope));
            x = b.Add(x, layer.FeedForward(layer.Norm(x, "ffn_norm")));
        }

        return b.Finish(x);
    }
}
