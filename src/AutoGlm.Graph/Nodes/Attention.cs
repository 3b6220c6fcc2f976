namespace AutoGlm.Graph.Nodes;

/// <summary>The shape and options of one layer's attention.</summary>
public sealed record AttentionShape
{
    /// <summary>The layer, counted over the graph's attentions from 0: its place in a KV block.</summary>
    public required int Layer { get; init; }

    public required int Heads { get; init; }

    /// <summary>Key/value heads; each serves Heads / KvHeads query heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Columns of a query or key head.</summary>
    public required int KeySize { get; init; }

    /// <summary>Columns of a value head.</summary>
    public required int ValueSize { get; init; }

    /// <summary>Factor on q·k before the softmax.</summary>
    public required float Scale { get; init; }

    /// <summary>Tokens a query sees, itself included; 0 for all before it.</summary>
    public int Window { get; init; }

    /// <summary>Bound c of c·tanh(s/c) on the scaled scores; 0 for none.</summary>
    public float SoftCap { get; init; }

    /// <summary>True where a value is the first <see cref="ValueSize"/> columns of its key, and is not stored again (latent attention).</summary>
    public bool ValueInKey { get; init; }

    /// <summary>One extra logit a head [heads] that takes part in the softmax and brings no value.</summary>
    public Weight? Sinks { get; init; }
}

/// <summary>
/// Causal attention: stores k and v of the batch's rows in their sequences' KV blocks, then softmax(q·kᵀ)·v over all each row sees.
/// q [rows, heads·keySize], k [rows, kvHeads·keySize], v [rows, kvHeads·valueSize] → [rows, heads·valueSize].
/// </summary>
public sealed record Attention(Value Q, Value K, Value? V, AttentionShape Shape) : Node
{
    /// <summary>How q and k are turned by their positions first, all heads alike; null where they come as they are used.</summary>
    public RopeTable? Rotation { get; init; }

    public override IReadOnlyList<Value> Inputs => V is { } v ? [Q, K, v] : [Q, K];

    public override IEnumerable<Weight> Weights => Shape.Sinks is { } sinks ? [sinks] : [];

    public override Node Rewire(Func<Value, Value> map) =>
        this with { Q = map(Q), K = map(K), V = V is { } v ? map(v) : null };

    /// <summary>It writes the KV cache.</summary>
    public override bool HasEffect => true;
}
