using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>GLM-4-0414 and GLM-Z1: as GLM, and what attention and feed-forward give is normalised before it is added.</summary>
internal static class Glm4
{
    public static Architecture Definition { get; } = new("glm4", "glm4", ["glm4"], Build)
    {
        GgufRope = RopeLayout.Interleaved,
        HuggingFaceRope = RopeLayout.Interleaved,
    };

    private static ComputationGraph Build(DecoderBuilder b)
    {
        RopeTable rope = b.Config.Rope.Global(10_000, 0.5).ToTable(b.RopeLayout);
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            x = b.Add(x, layer.Norm(layer.Attend(q, k, v, rope), "post_attention_norm"));
            x = b.Add(x, layer.Norm(layer.FeedForward(layer.Norm(x, "ffn_norm")), "post_ffw_norm"));
        }

        return b.Finish(x);
    }
}
