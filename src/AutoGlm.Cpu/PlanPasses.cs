namespace AutoGlm.Cpu;

/// <summary>Names of what the CPU plan does after the graph's passes, each of which <see cref="CpuOptions.WithoutPasses"/> may leave out.</summary>
public static class PlanPasses
{
    /// <summary>No barrier between steps whose threads read only what they wrote themselves.</summary>
    public const string Stages = "barriers";

    /// <summary>Steps that treat rows one by one run together, a few rows at a time: norm and quantisation, activation and quantisation.</summary>
    public const string RowChains = "row-chains";

    /// <summary>Where each sequence has one row: head norms, rotation, KV write, attention and quantisation by one thread, head by head.</summary>
    public const string HeadChains = "head-chains";

    /// <summary>Matmuls and attention in more shares than threads, which threads take as they come to them.</summary>
    public const string SharedOut = "shared-out";

    /// <summary>Rotation, KV write and attention as one: <see cref="Graph.Passes.RotaryAttention"/>.</summary>
    public const string Rotations = "rotary-attention";

    public static IReadOnlyList<string> All { get; } = [Stages, RowChains, HeadChains, SharedOut, Rotations];
}
