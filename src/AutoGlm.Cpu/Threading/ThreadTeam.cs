using System.Runtime.ExceptionServices;

namespace AutoGlm.Cpu.Threading;

/// <summary>
/// A fixed set of threads that run a <see cref="IParallelRegion"/> together; the caller is thread 0. Between regions the
/// others spin for a fraction of a millisecond and then sleep, so that a step costs one wake and an idle team costs nothing.
/// One region runs at a time; the team belongs to the thread that steps the engine. <see cref="TeamSize"/> says how many take part.
/// </summary>
internal sealed class ThreadTeam : IDisposable
{
    public const int MaxThreads = 64;

    /// <summary>Waking a thread takes some tens of microseconds where its core has gone to sleep too.</summary>
    private static readonly TimeSpan LongestSpin = TimeSpan.FromMicroseconds(100);

    private readonly Thread[] _workers;
    private readonly Gate _start, _phase, _done, _rejoin = new(TimeSpan.Zero);
    private readonly TeamSize _size;
    private IParallelRegion? _region;
    private ExceptionDispatchInfo? _failure;
    private int _arrived, _unfinished, _running, _members;

    /// <summary>The number of the region that runs or is about to, as <see cref="_start"/> counts them, and how many take part in it.</summary>
    private long _roster;

    /// <summary>Ticks that the region's threads waited at barriers.</summary>
    private long _waited;
    private volatile bool _poisoned, _stopping;

    /// <param name="threads">1 to <see cref="MaxThreads"/>; may exceed the cores.</param>
    /// <param name="size">Says how many of them take part; by itself, by how they wait for each other.</param>
    public ThreadTeam(int threads, TeamSize? size = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        Threads = threads;
        _size = size ?? new TeamSize(threads);
        _roster = threads;
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

    /// <summary>Threads that sleep until a region calls them; for tests.</summary>
    internal int Sleeping => _start.Sleeping + _rejoin.Sleeping;

    /// <summary>Physical cores that this process may use: the team size to default to.</summary>
    public static int DefaultThreads { get; } = Math.Clamp(PhysicalCores.Count(), 1, MaxThreads);

    /// <summary>Runs the region on the threads that take part now and returns when all of them have finished.</summary>
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
        _unfinished = _members = _size.Current;
        _waited = 0;
        double start = TeamSize.Now;
        Call(_members);
        RunPart(region, 0);
        _done.Wait(done);
        double end = TeamSize.Now;
        _size.Observe(end, end - start, TeamSize.Seconds(_waited));
        _region = null;
        ExceptionDispatchInfo? failure = _failure;
        Volatile.Write(ref _running, 0);
        failure?.Throw();
    }

    /// <summary>Inside a region: returns when all that take part have come here.</summary>
    public void Barrier()
    {
        int phase = _phase.Value;
        if (_poisoned) throw new RegionAbandonedException();
        if (Interlocked.Increment(ref _arrived) == _members)
        {
            _arrived = 0;
            _phase.Advance();
        }
        else
        {
            long waited = _phase.Wait(phase);
            if (waited > 0) Interlocked.Add(ref _waited, waited);
        }

        if (_poisoned) throw new RegionAbandonedException();
    }

    /// <summary>Ends and joins the threads.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        _start.Advance();
        _rejoin.Advance();
        foreach (Thread worker in _workers) worker.Join();
    }

    /// <summary>Calls the threads that take part in a region, those first who sat out the one before. No thread but this one is in a region.</summary>
    private void Call(int members)
    {
        if (members == 1) return;
        int before = (int)_roster;
        Volatile.Write(ref _roster, (long)(_start.Value + 1) << 32 | (uint)members);
        if (members > before) _rejoin.Advance();
        _start.Advance();
    }

    private void Work(int thread)
    {
        for (int seen = 0; !_stopping;)
        {
            int rejoin = _rejoin.Value;
            if (thread >= (int)Volatile.Read(ref _roster))
            {
                if (!_stopping) _rejoin.Wait(rejoin);
                continue;
            }

            _start.Wait(seen);
            seen = _start.Value;
            long roster = Volatile.Read(ref _roster);
            // A region of another number is over, or not yet begun: this thread has no part in it.
            if (!_stopping && (int)(roster >> 32) == seen && thread < (int)roster) RunPart(_region!, thread);
        }
    }

    private void RunPart(IParallelRegion region, int thread)
    {
        try
        {
            region.Run(thread, _members);
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
