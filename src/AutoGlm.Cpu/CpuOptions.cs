namespace AutoGlm.Cpu;

/// <summary>How the CPU backend is set up.</summary>
public sealed record CpuOptions
{
    /// <summary>Threads that compute, 1 to 64; null for one on each physical core.</summary>
    public int? Threads { get; init; }

    /// <summary>Instruction set: auto, scalar, vector128, avx2, avxvnni, avx512 or avx512vnni.</summary>
    public string Isa { get; init; } = "auto";

    /// <summary>Where packed weights are kept; null to pack them each time.</summary>
    public WeightCache? WeightCache { get; init; }

    /// <summary>Names of <see cref="PlanPasses"/> to leave out.</summary>
    public IReadOnlyCollection<string> WithoutPasses { get; init; } = [];
}
