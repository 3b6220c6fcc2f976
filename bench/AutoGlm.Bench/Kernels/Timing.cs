using System.Diagnostics;
using AutoGlm.Cpu.Threading;

namespace AutoGlm.Bench.Kernels;

internal static class Timing
{
    /// <summary>
    /// Seconds of the fastest call within the time given: neighbours on the machine only ever make a call slower. At
    /// least five calls are timed after the first.
    /// </summary>
    public static double Best(double seconds, Action work)
    {
        work();
        double best = double.PositiveInfinity;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; i++)
        {
            long before = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(before).TotalSeconds);
        }

        return best;
    }
}

/// <summary>A region made of a delegate.</summary>
internal sealed class Region(Action<int, int> part) : IParallelRegion
{
    public void Run(int thread, int threads) => part(thread, threads);
}
