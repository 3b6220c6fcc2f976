using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>GLM-4-9B-Chat: half of each head is rotated, in neighbouring pairs (arXiv:2406.12793).</summary>
internal static class Glm
{
    public static Architecture Definition { get; } = new("glm", "chatglm", ["glm"], Build)
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
            x = b.Add(x, layer.Attend(q, k, v, rope));
            x = b.Add(x, layer.FeedForward(layer.Norm(x, "ffn_norm")));
        }

        return b.Finish(x);
    }
}
