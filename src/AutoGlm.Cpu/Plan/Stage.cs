using System.Runtime.InteropServices;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>What a team does between two barriers.</summary>
internal sealed class Stage(IReadOnlyList<StepChain> chains)
{
    private readonly StepChain[] _chains = [.. chains];

    public IReadOnlyList<StepChain> Chains => _chains;

    /// <summary>Makes it ready to be run once more. Called while no thread runs it.</summary>
    public void Reset()
    {
        foreach (StepChain chain in _chains) chain.Reset();
    }

    public void Run(StepContext context, int thread, int threads)
    {
        foreach (StepChain chain in _chains) chain.Run(context, thread, threads);
    }
}

/// <summary>Steps divided the same way, of which a thread does all on one part before it takes the next part, so that what one leaves is in the cache for the next.</summary>
internal sealed class StepChain(Division division, IReadOnlyList<PlanStep> steps)
{
    /// <summary>Rows that go through a chain together: a few tens of kilobytes.</summary>
    private const int RowsAtOnce = 4;

    private readonly PlanStep[] _steps = [.. steps];

    /// <summary>The next share that nobody has taken.</summary>
    private Ticket _next;

    public Division Division => division;

    public IReadOnlyList<PlanStep> Steps => _steps;

    public void Reset() => _next.Value = 0;

    public void Run(StepContext context, int thread, int threads)
    {
        int rows = context.RowsOf(division.Space ?? RowSpace.Tokens);
        switch (division.Kind)
        {
            case DivisionKind.Rows: RunRows(context, rows, thread, threads); break;
            case DivisionKind.Heads: RunHeads(context, rows, thread, threads); break;
            case DivisionKind.Own when division.Shares > threads: RunShares(context, rows, thread); break;
            default:
                // Fewer threads may take part than there are shares.
                for (int share = thread; share < division.Shares; share += threads) Run(context, new Part(0, rows, share, division.Shares, thread));
                break;
        }
    }

    /// <summary>Threads take shares as they come to them: one that lost its core for a while, or shares it, takes fewer.</summary>
    private void RunShares(StepContext context, int rows, int thread)
    {
        int share;
        while ((share = Interlocked.Increment(ref _next.Value) - 1) < division.Shares) Run(context, new Part(0, rows, share, division.Shares, thread));
    }

    private void RunRows(StepContext context, int rows, int thread, int threads)
    {
        (int row, int end) = WorkRange.Of(rows, thread, threads);
        int step = _steps.Length == 1 ? end - row : RowsAtOnce;
        for (; row < end; row += step) Run(context, new Part(row, Math.Min(end, row + step), 0, 1, thread));
    }

    private void RunHeads(StepContext context, int rows, int thread, int threads)
    {
        for (int unit = thread; unit < rows * division.Shares; unit += threads)
        {
            (int row, int head) = Math.DivRem(unit, division.Shares);
            Run(context, new Part(row, row + 1, head, division.Shares, thread));
        }
    }

    private void Run(StepContext context, in Part part)
    {
        foreach (PlanStep step in _steps) step.Run(context, part);
    }

    /// <summary>A number with cache lines to itself: all threads count on it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Ticket
    {
        [FieldOffset(128)]
        public int Value;
    }
}
