namespace AutoGlm.Engine;

/// <summary>The queue is full: the request was refused before any work on it.</summary>
public sealed class EngineBusyException(int waiting, TimeSpan retryAfter)
    : Exception($"{waiting:N0} requests are waiting already, as many as may; try again in {Math.Ceiling(retryAfter.TotalSeconds):N0} s, or raise {nameof(EngineOptions.MaxWaiting)}.")
{
    /// <summary>Requests that wait.</summary>
    public int Waiting { get; } = waiting;

    /// <summary>When, at the rate of late, there will be room; at least a second.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
