using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;

namespace AutoGlm.Models.Architectures;

/// <summary>gpt-oss: attention sinks, every other layer windowed, experts with biases and a clamped gate (arXiv:2508.10925).</summary>
internal static class GptOss
{
    private const float GateAlpha = 1.702f;
    private const float GateLimit = 7;

    public static Architecture Definition { get; } = new("gpt-oss", "gpt-oss", ["gpt_oss"], Build) { PostAttentionNorm = "post_attention_norm" };

    private static ComputationGraph Build(DecoderBuilder b)
    {
        RopeTable rope = b.Config.Rope.Global(150_000, 1).ToTable(b.RopeLayout);
        RouterShape router = new()
        {
            Experts = b.Config.Settings.Count("expert_count", "num_local_experts", most: 4096),
            Used = b.Config.Settings.Count("expert_used_count", "num_experts_per_tok", most: 256),
            Gating = RouterGating.SoftmaxOfSelected,
        };
        Value x = b.Embed();
        for (int i = 0; i < b.Config.Layers; i++)
        {
            LayerBuilder layer = new(b, i);
            int window = b.Config.Slides(i, index => index % 2 == 0) ? b.Config.SlidingWindow : 0;
            Weight sinks = b.Vector(layer.NameOf("attn_sinks.weight"), b.Config.Heads);
            (Value q, Value k, Value v) = layer.Project(layer.Norm(x, "attn_norm"));
            x = b.Add(x, layer.Attend(q, k, v, rope, window: window, sinks: sinks));
            x = b.Add(x, Experts(b, layer, router, layer.Norm(x, "post_attention_norm")));
        }

        return b.Finish(x);
    }

    private static Value Experts(DecoderBuilder b, LayerBuilder layer, RouterShape router, Value x)
    {
        int hidden = b.Config.Hidden, width = b.Config.Settings.Count("expert_feed_forward_length", "intermediate_size");
        float limit = b.Config.Settings.Number("", "swiglu_limit", GateLimit), alpha = b.Config.Settings.Number("", "swiglu_alpha", GateAlpha);
        Value routing = b.Route(layer.Linear(x, "ffn_gate_inp", router.Experts), router);
        Value gate = b.ExpertLinear(x, routing, layer.NameOf("ffn_gate_exps"), router.Experts, router.Used, hidden, width);
        Value up = b.ExpertLinear(x, routing, layer.NameOf("ffn_up_exps"), router.Experts, router.Used, hidden, width);
        Value inner = b.ClampedSwiGlu(gate, up, alpha, limit);
        Value down = b.ExpertLinear(inner, routing, layer.NameOf("ffn_down_exps"), router.Experts, router.Used, width, hidden);
        return b.ExpertSum(down, routing, router.Used);
    }
}
