using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>
/// DeepSeek V2, V3 and R1 (arXiv:2412.19437): multi-head latent attention. Keys and values are one low-rank latent c and one
/// rotated key k_R that all heads share; the heads' up-projections are absorbed into the query and the output, so the cache
/// holds [c; k_R] alone, and the values are its first columns.
/// </summary>
internal static class DeepSeekV3
{
    public static Architecture Definition { get; } = new("deepseek-v3", "deepseek2", ["deepseek_v3", "deepseek_v2"], Build)
    {
        GgufRope = RopeLayout.Interleaved,
        HuggingFaceRope = RopeLayout.Interleaved,
    };

    public static ComputationGraph Build(DecoderBuilder b)
    {
        LatentAttention attention = LatentAttention.Read(b);
        SharedExperts experts = SharedExperts.Read(b.Config);
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            x = b.Add(x, attention.Attend(b, layer, layer.Norm(x, "attn_norm")));
            x = b.Add(x, experts.FeedForward(b, layer, i, layer.Norm(x, "ffn_norm")));
        }

        return b.Finish(x);
    }
}
