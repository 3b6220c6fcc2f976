using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>Mixtral: Mistral with eight feed-forwards, of which each token takes two (arXiv:2401.04088). GGUF files call it llama.</summary>
internal static class Mixtral
{
    public static Architecture Definition { get; } = new("mixtral", "", ["mixtral"], Build);

    public static ComputationGraph Build(DecoderBuilder b)
    {
        RopeTable rope = b.Config.Rope.Global(1_000_000, 1).ToTable(b.RopeLayout);
        RouterShape router = new()
        {
            Experts = b.Config.Settings.Count("expert_count", "num_local_experts", most: 4096),
            Used = b.Config.Settings.Count("expert_used_count", "num_experts_per_tok", most: 256),
            Gating = RouterGating.Softmax,
            Normalize = true,
        };
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            x = b.Add(x, layer.Attend(q, k, v, rope, window: b.Config.SlidingWindow));
            x = b.Add(x, layer.MixtureOfExperts(layer.Norm(x, "ffn_norm"), router, b.Config.FeedForward));
        }

        return b.Finish(x);
    }
}
