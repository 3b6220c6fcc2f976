namespace AutoGlm.Cpu;

/// <summary>How the CPU backend is set up.</summary>
public sealed record CpuOptions
{
    /// <summary>Threads that compute, 1 to 256; null for one on each physical core.</summary>
    public int? Threads { get; init; }
}
