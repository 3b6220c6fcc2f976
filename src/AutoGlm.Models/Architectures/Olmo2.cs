using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>OLMo 2: norms after each part instead of before, and over all queries and all keys (arXiv:2501.00656).</summary>
internal static class Olmo2
{
    public static Architecture Definition { get; } = new("olmo2", "olmo2", ["olmo2"], Build) { PostAttentionNorm = "post_attention_norm" };

    private static ComputationGraph Build(DecoderBuilder b)
    {
        RopeTable rope = b.Config.Rope.Global(500_000, 1).ToTable(b.RopeLayout);
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            (Value q, Value k, Value v) = layer.Project(x);
            (q, k) = (layer.Norm(q, "attn_q_norm"), layer.Norm(k, "attn_k_norm"));
            x = b.Add(x, layer.Norm(layer.Attend(q, k, v, rope), "post_attention_norm"));
            x = b.Add(x, layer.Norm(layer.FeedForward(x), "post_ffw_norm"));
        }

        return b.Finish(x);
    }
}
