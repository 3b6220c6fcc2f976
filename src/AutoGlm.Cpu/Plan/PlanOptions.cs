namespace AutoGlm.Cpu.Plan;

/// <summary>What the plan does to wait and walk memory less; each can be left out by name to measure it or to find a fault.</summary>
/// <param name="WithoutPasses">Names of those left out: <see cref="PlanPasses"/>.</param>
internal sealed record PlanOptions(IReadOnlyCollection<string> WithoutPasses)
{
    public bool Stages { get; } = !WithoutPasses.Contains(PlanPasses.Stages);

    public bool RowChains { get; } = !WithoutPasses.Contains(PlanPasses.RowChains);

    public bool HeadChains { get; } = !WithoutPasses.Contains(PlanPasses.HeadChains);

    public bool SharedOut { get; } = !WithoutPasses.Contains(PlanPasses.SharedOut);
}
