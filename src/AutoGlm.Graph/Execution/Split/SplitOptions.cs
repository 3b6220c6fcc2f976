namespace AutoGlm.Graph.Execution.Split;

/// <summary>How much of a model a <see cref="SplitBackend"/> puts on its device.</summary>
public sealed record SplitOptions
{
    /// <summary>Layers on the device, from the first; more than there are for all. Null for as many as fit.</summary>
    public int? Layers { get; init; }

    /// <summary>How keys and values are stored, for what they need.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>Tokens of keys and values that the device should have room for beside its layers.</summary>
    public required int KvTokens { get; init; }

    /// <summary>Bytes that are left for what the device's kernels need beside weights, activations, keys and values.</summary>
    public long Reserve { get; init; } = 512L << 20;
}
