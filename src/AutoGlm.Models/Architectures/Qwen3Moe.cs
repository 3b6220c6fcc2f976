using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>Qwen 3's mixture of experts (arXiv:2505.09388).</summary>
internal static class Qwen3Moe
{
    public static Architecture Definition { get; } = new("qwen3-moe", "qwen3moe", ["qwen3_moe"], Build);

    private static ComputationGraph Build(DecoderBuilder b)
    {
        var settings = b.Config.Settings;
        RopeTable rope = b.Config.Rope.Global(10_000, 1).ToTable(b.RopeLayout);
        RouterShape router = new()
        {
            Experts = settings.Count("expert_count", settings.FindInteger("", "num_experts") is null ? "num_local_experts" : "num_experts", most: 4096),
            Used = settings.Count("expert_used_count", "num_experts_per_tok", most: 256),
            Gating = RouterGating.Softmax,
            Normalize = settings.Flag("expert_weights_norm", "norm_topk_prob", !settings.IsHuggingFace),
        };
        int width = settings.Count("expert_feed_forward_length", "moe_intermediate_size", b.Config.FeedForward);
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            (q, k) = layer.NormHeads(q, k);
            x = b.Add(x, layer.Attend(q, k, v, rope, window: b.Config.SlidingWindow));
            Value h = layer.Norm(x, "ffn_norm");
            // Layers that config.json lists as dense have no router.
            x = b.Add(x, layer.Has("ffn_gate_inp.weight") ? layer.MixtureOfExperts(h, router, width) : layer.FeedForward(h));
        }

        return b.Finish(x);
    }
}
