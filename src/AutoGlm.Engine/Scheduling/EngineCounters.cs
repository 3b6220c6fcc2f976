using System.Diagnostics;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Scheduling;

/// <summary>
/// What the engine has done. The step loop's thread writes (but for <see cref="Accepted"/> and <see cref="Refused"/>, which callers count);
/// anyone may read: each number is whole, though they may be of moments a step apart.
/// </summary>
internal sealed class EngineCounters
{
    /// <summary>Requests accepted and not yet taken in; callers count them up.</summary>
    public int Queued;

    /// <summary>What warm-up's requests count of themselves: apart, for it says nothing about users.</summary>
    private EngineCounters? _warmUp;

    public long Accepted, Refused;

    public int Running, Waiting, BatchSequences, BatchTokens;

    public long Steps, ComputedTokens, PromptTokens, ReusedTokens, GeneratedTokens, Finished, Cancelled, Overdue, Failed, Preemptions, SharedAnswers, PrefixWaits, LongestWaitTicks, StepTicks, ComputeTicks;

    /// <summary>Where a request and its tokens are counted.</summary>
    public EngineCounters For(GenerationRequest request) => request.IsWarmUp ? LazyInitializer.EnsureInitialized(ref _warmUp) : this;

    public EngineStatistics Snapshot(CacheStatistics cache) => new()
    {
        Running = Volatile.Read(ref Running),
        Waiting = Volatile.Read(ref Waiting),
        Steps = Volatile.Read(ref Steps),
        BatchSequences = Volatile.Read(ref BatchSequences),
        BatchTokens = Volatile.Read(ref BatchTokens),
        ComputedTokens = Volatile.Read(ref ComputedTokens),
        PromptTokens = Volatile.Read(ref PromptTokens),
        ReusedTokens = Volatile.Read(ref ReusedTokens),
        GeneratedTokens = Volatile.Read(ref GeneratedTokens),
        Requests = Volatile.Read(ref Accepted),
        WarmUpRequests = _warmUp is { } warmUp ? Volatile.Read(ref warmUp.Accepted) : 0,
        Refused = Volatile.Read(ref Refused),
        Finished = Volatile.Read(ref Finished),
        Cancelled = Volatile.Read(ref Cancelled),
        Overdue = Volatile.Read(ref Overdue),
        Failed = Volatile.Read(ref Failed),
        Preemptions = Volatile.Read(ref Preemptions),
        SharedAnswers = Volatile.Read(ref SharedAnswers),
        PrefixWaits = Volatile.Read(ref PrefixWaits),
        LongestWait = TimeSpan.FromTicks(Volatile.Read(ref LongestWaitTicks)),
        StepTime = Stopwatch.GetElapsedTime(0, Volatile.Read(ref StepTicks)),
        ComputeTime = Stopwatch.GetElapsedTime(0, Volatile.Read(ref ComputeTicks)),
        Cache = cache,
    };
}
