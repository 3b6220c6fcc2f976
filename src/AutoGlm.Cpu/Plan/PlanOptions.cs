namespace AutoGlm.Cpu.Plan;

/// <summary>What the plan does to wait and walk memory less; each can be left out by name to measure it or to find a fault.</summary>
internal sealed record PlanOptions(bool Stages, bool RowChains, bool HeadChains, bool SharedOut, bool Rotations)
{
    /// <param name="without">Names of those to leave out; others are none of the plan's.</param>
    public static PlanOptions Without(IReadOnlyCollection<string> without) => new(
        !without.Contains(PlanPasses.Stages),
        !without.Contains(PlanPasses.RowChains),
        !without.Contains(PlanPasses.HeadChains),
        !without.Contains(PlanPasses.SharedOut),
        !without.Contains(PlanPasses.Rotations));
}
