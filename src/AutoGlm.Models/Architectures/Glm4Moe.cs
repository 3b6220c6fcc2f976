using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>GLM-4.5, 4.5-Air, 4.6 and 4.7: experts by sigmoid with a bias on their choice, one shared (arXiv:2508.06471).</summary>
internal static class Glm4Moe
{
    public static Architecture Definition { get; } = new("glm4-moe", "glm4moe", ["glm4_moe"], Build) { PostAttentionNorm = "post_attention_norm" };

    private static ComputationGraph Build(DecoderBuilder b)
    {
        RopeTable rope = b.Config.Rope.Global(10_000, 0.5).ToTable(b.RopeLayout);
        SharedExperts experts = SharedExperts.Read(b.Config);
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            (q, k) = layer.NormHeads(q, k);
            x = b.Add(x, layer.Attend(q, k, v, rope));
            x = b.Add(x, experts.FeedForward(b, layer, i, layer.Norm(x, "post_attention_norm")));
        }

        return b.Finish(x);
    }
}
