using System.Runtime.ExceptionServices;

namespace AutoGlm.Cpu.Threading;

/// <summary>
/// A fixed set of threads that run a <see cref="IParallelRegion"/> together; the caller is thread 0. Between regions the
/// others spin for a fraction of a millisecond and then sleep, so that a step costs one wake and an idle team costs nothing.
/// One region runs at a time; the team belongs to the thread that steps the engine.
/// </summary>
internal sealed class ThreadTeam : IDisposable
{
    public const int MaxThreads = 64;

    /// <summary>Waking a thread takes some tens of microseconds where its core has gone to sleep too.</summary>
    private static readonly TimeSpan LongestSpin = TimeSpan.FromMicroseconds(100);

    private readonly Thread[] _workers;
    private readonly Gate _start, _phase, _done;
    private IParallelRegion? _region;
    private ExceptionDispatchInfo? _failure;
    private int _arrived, _unfinished, _running;
    private volatile bool _poisoned, _stopping;

    /// <param name="threads">1 to <see cref="MaxThreads"/>; may exceed the cores.</param>
    public ThreadTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        Threads = threads;
        // Where there are more threads than cores, one that spins only delays the one it waits for.
        TimeSpan spin = threads <= Environment.ProcessorCount ? LongestSpin : TimeSpan.Zero;
        (_start, _phase, _done) = (new Gate(2 * spin), new Gate(spin), new Gate(spin));
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int thread = i + 1;
            _workers[i] = new Thread(() => Work(thread)) { IsBackground = true, Name = $"AutoGlm CPU {thread}" };
            _workers[i].Start();
        }
    }

    public int Threads { get; }

    /// <summary>Physical cores that this process may use: the team size to default to.</summary>
    public static int DefaultThreads { get; } = Math.Clamp(PhysicalCores.Count(), 1, MaxThreads);

    /// <summary>Runs the region on all threads and returns when all have finished.</summary>
    /// <exception cref="InvalidOperationException">A region runs already.</exception>
    /// <remarks>The first exception of any thread ends the region on all of them and is thrown here.</remarks>
    public void Run(IParallelRegion region)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (Interlocked.Exchange(ref _running, 1) != 0) throw new InvalidOperationException("the thread team is busy with another region");
        int done = _done.Value;
        _region = region;
        _arrived = 0;
        _poisoned = false;
        _failure = null;
        _unfinished = Threads;
        _start.Advance();
        RunPart(region, 0);
        _done.Wait(done);
        _region = null;
        ExceptionDispatchInfo? failure = _failure;
        Volatile.Write(ref _running, 0);
        failure?.Throw();
    }

    /// <summary>Inside a region: returns when all threads have come here.</summary>
    public void Barrier()
    {
        int phase = _phase.Value;
        if (_poisoned) throw new RegionAbandonedException();
        if (Interlocked.Increment(ref _arrived) == Threads)
        {
            _arrived = 0;
            _phase.Advance();
        }
        else
        {
            _phase.Wait(phase);
        }

        if (_poisoned) throw new RegionAbandonedException();
    }

    /// <summary>Ends and joins the threads.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        _start.Advance();
        foreach (Thread worker in _workers) worker.Join();
    }

    private void Work(int thread)
    {
        for (int seen = 0; ; seen++)
        {
            _start.Wait(seen);
            if (_stopping) return;
            RunPart(_region!, thread);
        }
    }

    private void RunPart(IParallelRegion region, int thread)
    {
        try
        {
            region.Run(thread, Threads);
        }
        catch (RegionAbandonedException)
        {
            // Another thread failed first; its exception is the one to report.
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            _poisoned = true;
            _phase.Advance();
        }

        if (Interlocked.Decrement(ref _unfinished) == 0) _done.Advance();
    }

    private sealed class RegionAbandonedException : Exception;
}
