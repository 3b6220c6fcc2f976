namespace AutoGlm.Cuda.Plan;

/// <summary>Work of a plan: queues its kernels, allocating nothing.</summary>
/// <param name="Name">The graph's operation, and which it is, for profiles.</param>
/// <param name="Queue">Queues it.</param>
internal sealed record PlanStep(string Name, Action<StepContext> Queue);
