namespace AutoGlm.Engine.Scheduling;

/// <summary>What others want of the step loop, done on its thread in the order it came.</summary>
internal sealed class StepInbox
{
    private readonly Queue<Action<Scheduler>> _wishes = [];
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _some = new(0);
    private Scheduler? _closed;

    /// <summary>Leaves a wish; once closed, it is done at once, by a scheduler that has ended.</summary>
    public void Post(Action<Scheduler> wish)
    {
        lock (_lock)
        {
            if (_closed is null) _wishes.Enqueue(wish);
            else wish(_closed);
        }

        _some.Release();
    }

    /// <summary>Does all there is.</summary>
    public void Drain(Scheduler scheduler)
    {
        while (true)
        {
            Action<Scheduler>? wish;
            lock (_lock)
            {
                if (!_wishes.TryDequeue(out wish)) return;
            }

            wish(scheduler);
        }
    }

    /// <summary>Waits for a wish, so long at most.</summary>
    public void Wait(TimeSpan most)
    {
        if (!_some.Wait(most)) return;
        while (_some.Wait(0))
        {
        }
    }

    /// <summary>Does all there is, for the last time.</summary>
    /// <param name="ended">A scheduler that has ended: what comes later finds out from it.</param>
    public void Close(Scheduler ended)
    {
        Drain(ended);
        lock (_lock)
        {
            _closed = ended;
            while (_wishes.TryDequeue(out Action<Scheduler>? wish)) wish(ended);
        }
    }
}
