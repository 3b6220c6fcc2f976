namespace AutoGlm.Cpu.Kernels;

/// <summary>Static partition of work over the threads of a team.</summary>
internal static class WorkRange
{
    /// <summary>The part of <paramref name="count"/> things that is this thread's; parts differ by one at most.</summary>
    public static (int First, int End) Of(int count, int thread, int threads) =>
        ((int)((long)count * thread / threads), (int)((long)count * (thread + 1) / threads));

    /// <summary>As <see cref="Of(int,int,int)"/>, with parts that are multiples of <paramref name="grain"/> but for the end.</summary>
    public static (int First, int End) Of(int count, int grain, int thread, int threads)
    {
        (int first, int end) = Of((count + grain - 1) / grain, thread, threads);
        return (Math.Min(count, first * grain), Math.Min(count, end * grain));
    }
}
