using AutoGlm.KvCache;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// Who of the waiting comes in next. The order is when they came, less what their priority and the cached part of their prompt are
/// worth: so those that share what is cached come together, and none is overtaken by requests that come much later. Whoever begins
/// with what is being computed waits for it. Nobody passes one that waits for blocks.
/// </summary>
internal sealed class Admission(ModelRuntime runtime, PrefixesInFlight prefixes, EngineCounters counters)
{
    private readonly BlockPool _pool = runtime.Pool;
    private readonly long _window = (long)(runtime.Options.PrefixWindow.TotalSeconds * runtime.Options.Time.TimestampFrequency);

    /// <summary>The place in the queue of the next to come in; -1 where none can.</summary>
    public int Choose(OrderedSequences waiting, int running)
    {
        int best = -1;
        long bestOrder = long.MaxValue;
        for (int i = 0; i < waiting.Count; i++)
        {
            Sequence sequence = waiting[i];
            if (best >= 0 && sequence.Order - _window >= bestOrder) break;
            int cached = sequence.CountCached(_pool);
            if (WaitsForPrefix(sequence, cached)) continue;
            long order = sequence.Order - (long)((double)_window * cached * _pool.BlockTokens / sequence.Tokens.Length);
            if (order < bestOrder) (best, bestOrder) = (i, order);
        }

        return best >= 0 && Fits(waiting[best], running) ? best : -1;
    }

    private bool WaitsForPrefix(Sequence sequence, int cached)
    {
        int inFlight = prefixes.CountFrom(sequence, cached);
        int least = sequence.IsFollowing ? 1 : Math.Max(1, runtime.Options.PrefixWaitTokens);
        if (runtime.Options.PrefixWaitTokens == 0 || inFlight * _pool.BlockTokens < least) return false;
        if (!sequence.IsFollowing) counters.For(sequence.Request).PrefixWaits++;
        sequence.IsFollowing = true;
        return true;
    }

    /// <summary>True where there are blocks for all its tokens and one more for each that runs. Nothing is kept for what it may still generate.</summary>
    private bool Fits(Sequence sequence, int running)
    {
        int cached = sequence.CountCached(_pool);
        int needed = (sequence.Tokens.Length + _pool.BlockTokens - 1) / _pool.BlockTokens - cached + running;
        return needed <= _pool.AvailableCount && needed + _pool.CountUnused(sequence.Keys, sequence.Tokens, cached) <= _pool.AvailableCount;
    }
}
