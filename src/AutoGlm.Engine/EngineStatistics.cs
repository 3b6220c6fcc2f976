using AutoGlm.KvCache;

namespace AutoGlm.Engine;

/// <summary>An engine at one moment, and what it has done since its start.</summary>
public sealed record EngineStatistics
{
    /// <summary>Answers that are being computed.</summary>
    public required int Running { get; init; }

    /// <summary>Requests that wait to be taken in, those that gave their blocks back included.</summary>
    public required int Waiting { get; init; }

    /// <summary>Steps computed.</summary>
    public required long Steps { get; init; }

    /// <summary>Sequences in the last step.</summary>
    public required int BatchSequences { get; init; }

    /// <summary>Tokens computed in the last step.</summary>
    public required int BatchTokens { get; init; }

    /// <summary>Tokens computed in all steps, prompts' and answers'.</summary>
    public required long ComputedTokens { get; init; }

    /// <summary>Tokens of the prompts of requests taken in.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Those whose keys and values were there already.</summary>
    public required long ReusedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long GeneratedTokens { get; init; }

    /// <summary>Requests accepted.</summary>
    public required long Requests { get; init; }

    /// <summary>What the engine asked itself to get warm: in no other count of requests, of their tokens, and of the cache's lookups; its steps are.</summary>
    public required long WarmUpRequests { get; init; }

    /// <summary>Requests refused since the queue was full.</summary>
    public required long Refused { get; init; }

    /// <summary>Answers that came to their own end.</summary>
    public required long Finished { get; init; }

    /// <summary>Answers whose reader went away, or which a shutdown ended.</summary>
    public required long Cancelled { get; init; }

    /// <summary>Answers that ran into their deadline.</summary>
    public required long Overdue { get; init; }

    /// <summary>Answers that ended with an error.</summary>
    public required long Failed { get; init; }

    /// <summary>Times a sequence gave its blocks back and waited to go on.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Answers not computed, since the same was being computed for someone else.</summary>
    public required long SharedAnswers { get; init; }

    /// <summary>Requests that waited while what they begin with was being computed for another.</summary>
    public required long PrefixWaits { get; init; }

    /// <summary>Longest time a request waited before its first step.</summary>
    public required TimeSpan LongestWait { get; init; }

    /// <summary>Time of all steps: scheduling, the cache, the model and choosing tokens.</summary>
    public required TimeSpan StepTime { get; init; }

    /// <summary>Time of the model alone in them.</summary>
    public required TimeSpan ComputeTime { get; init; }

    /// <summary>The KV cache.</summary>
    public required CacheStatistics Cache { get; init; }
}
