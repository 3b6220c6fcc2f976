namespace AutoGlm.Cpu.Plan;

/// <summary>Work between two barriers: every thread does its share of it.</summary>
internal abstract class PlanStep
{
    public abstract void Run(StepContext context, int thread, int threads);
}
