using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Building;
using AutoGlm.Models.Configuration;

namespace AutoGlm.Models.Architectures;

/// <summary>DeepSeek's feed-forwards: dense in the first layers, then many narrow experts beside some that every token shares (arXiv:2412.19437).</summary>
internal sealed record SharedExperts(RouterShape Router, int DenseLayers, int Width, int SharedWidth)
{
    public static SharedExperts Read(ModelConfig config)
    {
        Hyperparameters settings = config.Settings;
        // DeepSeek V2 came before the others' gating and normalisation, and before GGUF had keys for them.
        bool second = settings.ArchitectureName is "deepseek2" or "deepseek_v2";
        int width = settings.Count("expert_feed_forward_length", "moe_intermediate_size");
        RouterShape router = new()
        {
            Experts = settings.Count("expert_count", "n_routed_experts", most: 4096),
            Used = settings.Count("expert_used_count", "num_experts_per_tok", most: 256),
            Gating = ReadGating(settings, second ? RouterGating.Softmax : RouterGating.Sigmoid),
            Groups = settings.Count("expert_group_count", "n_group", 1),
            GroupsUsed = settings.Count("expert_group_used_count", "topk_group", 1),
            Normalize = settings.Flag("expert_weights_norm", "norm_topk_prob", !second),
            Scale = settings.Number("expert_weights_scale", "routed_scaling_factor", 1),
        };
        int shared = (int)Math.Clamp(settings.FindInteger("expert_shared_count", "n_shared_experts") ?? 1, 0, 4096);
        return new SharedExperts(router, settings.CountOrZero("leading_dense_block_count", "first_k_dense_replace"), width, width * shared);
    }

    public Value FeedForward(DecoderBuilder b, LayerBuilder layer, int index, Value x)
    {
        if (index < DenseLayers) return layer.FeedForward(x);
        RouterShape router = layer.Has("exp_probs_b.bias")
            ? Router with { SelectionBias = b.Vector(layer.NameOf("exp_probs_b.bias"), Router.Experts) }
            : Router;
        return layer.MixtureOfExperts(x, router, Width, layer.Has("ffn_gate_shexp.weight") ? SharedWidth : 0);
    }

    private static RouterGating ReadGating(Hyperparameters settings, RouterGating missing) =>
        (settings.FindInteger("expert_gating_func", ""), settings.FindString("", "scoring_func")) switch
        {
            (null or 0, null) => missing,
            (1, _) or (_, "softmax") => RouterGating.Softmax,
            (2, _) or (_, "sigmoid") => RouterGating.Sigmoid,
            _ => throw settings.Invalid("expert_gating_func", "scoring_func", "expert gating should be softmax or sigmoid"),
        };
}
