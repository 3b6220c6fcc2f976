using System.Diagnostics;

namespace AutoGlm.Cpu.Threading;

/// <summary>
/// How many threads of a team take part. One whose core is busy with other work holds up all at each barrier; when threads wait
/// for each other so long that one fewer would lose less, one is left out, and asked back after a rest.
/// </summary>
internal sealed class TeamSize
{
    /// <summary>
    /// Seconds lost before a thread is left out: about what a needless rest costs, so that neither a wrong guess costs much more
    /// than a right one; and how many where it has just come back, and the core is as busy as before.
    /// </summary>
    private const double Patience = 0.04, PatienceAgain = 0.005;

    private const double ShortestRest = 0.1, LongestRest = 1.6;

    private readonly int _most;
    private double _lost, _rest = ShortestRest, _changed = double.NegativeInfinity;

    /// <param name="most">All threads of the team.</param>
    public TeamSize(int most) => Current = _most = most;

    /// <summary>Threads that take part in the next region.</summary>
    public int Current { get; private set; }

    /// <summary>Takes note of a region that has run.</summary>
    /// <param name="now">When it ended, in seconds since any moment.</param>
    /// <param name="seconds">How long it took.</param>
    /// <param name="waited">How long its threads waited at barriers, all together.</param>
    public void Observe(double now, double seconds, double waited)
    {
        if (Current > 1)
        {
            // A thread left out costs its share of the speed. Where there are many some waiting is usual.
            _lost = Math.Max(0, _lost + waited / (Current - 1) - seconds * Math.Max(1.0 / Current, 0.25));
            bool again = now - _changed < _rest;
            if (_lost > (again ? PatienceAgain : Patience))
            {
                _rest = again ? Math.Min(LongestRest, 2 * _rest) : ShortestRest;
                Change(Current - 1, now);
                return;
            }
        }

        if (Current < _most && now - _changed >= _rest) Change(Current + 1, now);
    }

    /// <summary>Seconds since any moment.</summary>
    public static double Now => Seconds(Stopwatch.GetTimestamp());

    public static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    private void Change(int threads, double now) => (Current, _changed, _lost) = (threads, now, 0);
}
