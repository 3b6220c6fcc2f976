using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Models.Configuration;

namespace AutoGlm.Models.Building;

/// <summary>The parts one decoder layer is made of, in the names of its parameters.</summary>
internal sealed class LayerBuilder(DecoderBuilder builder, int layer)
{
    private ModelConfig Config => builder.Config;

    public string NameOf(string part) => $"blk.{layer}.{part}";

    public bool Has(string part) => builder.Has(NameOf(part));

    public Value Norm(Value x, string part) => builder.Norm(x, NameOf(part + ".weight"));

    public Value Linear(Value x, string part, int outputs) => builder.Linear(x, NameOf(part), outputs);

    /// <summary>Queries, keys and values, from three matrices or from one that holds them in this order.</summary>
    public (Value Q, Value K, Value V) Project(Value x)
    {
        int queries = Config.Heads * Config.HeadSize, keys = Config.KvHeads * Config.HeadSize;
        if (!Has("attn_qkv.weight"))
            return (Linear(x, "attn_q", queries), Linear(x, "attn_k", keys), Linear(x, "attn_v", keys));

        Value all = Linear(x, "attn_qkv", queries + 2 * keys);
        return (builder.Slice(all, 0, queries), builder.Slice(all, queries, keys), builder.Slice(all, queries + keys, keys));
    }

    /// <summary>RMSNorm of each head of queries and keys, where the file has its gains.</summary>
    public (Value Q, Value K) NormHeads(Value q, Value k) => Has("attn_q_norm.weight")
        ? (builder.Norm(q, NameOf("attn_q_norm.weight"), Config.HeadSize), builder.Norm(k, NameOf("attn_k_norm.weight"), Config.HeadSize))
        : (q, k);

    /// <summary>Grouped-query attention and its output projection.</summary>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="rope">Rotation of queries and keys; null for none.</param>
    /// <param name="scale">Factor on scores; 1/sqrt(head size) where null.</param>
    /// <param name="window">Tokens a query sees; 0 for all.</param>
    /// <param name="softCap">Bound on scores; 0 for none.</param>
    /// <param name="sinks">An extra logit for each head.</param>
    public Value Attend(Value q, Value k, Value v, RopeTable? rope, float? scale = null, int window = 0, float softCap = 0, Weight? sinks = null)
    {
        if (Config.Settings.FindInteger("attention.value_length", "") is { } values && values != Config.HeadSize)
            throw Config.Settings.Invalid("attention.value_length", "", $"is {values}, but this architecture's values are as wide as its keys, {Config.HeadSize} (attention.key_length); convert the model again");
        if (rope is not null) (q, k) = (builder.Rope(q, Config.HeadSize, rope), builder.Rope(k, Config.HeadSize, rope));
        Value attended = builder.Attention(q, k, v, new AttentionShape
        {
            Layer = layer,
            Heads = Config.Heads,
            KvHeads = Config.KvHeads,
            KeySize = Config.HeadSize,
            ValueSize = Config.HeadSize,
            Scale = scale ?? 1 / MathF.Sqrt(Config.HeadSize),
            Window = window,
            SoftCap = softCap,
            Sinks = sinks,
        });
        return Linear(attended, "attn_output", Config.Hidden);
    }

    /// <summary>down(activation(gate(x)) ∘ up(x)), with gate and up apart, or together in <c>ffn_up</c> in this order.</summary>
    public Value FeedForward(Value x, ActivationKind activation = ActivationKind.Silu)
    {
        int width = Config.FeedForward;
        if (Has("ffn_gate.weight")) return GatedFeedForward(x, "ffn_gate", "ffn_up", "ffn_down", width, activation);
        Value both = Linear(x, "ffn_up", 2 * width);
        Value inner = builder.Multiply(builder.Activate(builder.Slice(both, 0, width), activation), builder.Slice(both, width, width));
        return Linear(inner, "ffn_down", Config.Hidden);
    }

    /// <summary>A mixture of experts, plus experts that every token shares, where the model has them.</summary>
    public Value MixtureOfExperts(Value x, RouterShape router, int width, int sharedWidth = 0)
    {
        int experts = router.Experts, used = router.Used;
        Value routing = builder.Route(Linear(x, "ffn_gate_inp", experts), router);
        Value gate = builder.ExpertLinear(x, routing, NameOf("ffn_gate_exps"), experts, used, Config.Hidden, width);
        Value up = builder.ExpertLinear(x, routing, NameOf("ffn_up_exps"), experts, used, Config.Hidden, width);
        Value inner = builder.Multiply(builder.Activate(gate, ActivationKind.Silu), up);
        Value down = builder.ExpertLinear(inner, routing, NameOf("ffn_down_exps"), experts, used, width, Config.Hidden);
        Value mixed = builder.ExpertSum(down, routing, used);
        return sharedWidth == 0
            ? mixed
            : builder.Add(mixed, GatedFeedForward(x, "ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp", sharedWidth, ActivationKind.Silu));
    }

    private Value GatedFeedForward(Value x, string gate, string up, string down, int width, ActivationKind activation)
    {
        Value inner = builder.Multiply(builder.Activate(Linear(x, gate, width), activation), Linear(x, up, width));
        return Linear(inner, down, Config.Hidden);
    }
}
