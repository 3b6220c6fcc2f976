using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Sampling;
using AutoGlm.KvCache;

namespace AutoGlm.Engine;

/// <summary>A prompt and how to go on from it.</summary>
public sealed record GenerationRequest
{
    /// <summary>Lowest and highest <see cref="Priority"/>.</summary>
    public const int LeastPriority = -10, MostPriority = 10;

    /// <summary>Token ids of the prompt, at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Most tokens to generate; null for as many as the context leaves.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>How tokens are chosen; null for the model's own defaults.</summary>
    public SamplingOptions? Sampling { get; init; }

    /// <summary>Texts that end the answer; they are not part of it.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>True to go on past the tokens that end an answer.</summary>
    public bool IgnoreEnd { get; init; }

    /// <summary>Alternatives to report with each token's log-probability; null for no log-probabilities.</summary>
    public int? LogProbabilities { get; init; }

    /// <summary>What the answer may be (<see cref="InferenceEngine.Constrain"/>); null for any text.</summary>
    public GrammarConstraint? Constraint { get; init; }

    /// <summary>True to write control tokens into the text, as tool calls of some models need it; else they are left out.</summary>
    public bool KeepControlTokens { get; init; }

    /// <summary>
    /// Who asks: requests of different tenants share nothing in the KV cache, unless <see cref="EngineOptions.ShareAcrossTenants"/>.
    /// A server derives it from something a client cannot choose.
    /// </summary>
    public string Tenant { get; init; } = "";

    /// <summary>True for what an engine asks itself to get warm: work like any other, and in no count of requests, their tokens and lookups.</summary>
    internal bool IsWarmUp { get; init; }

    /// <summary>Key before the first block where it is known and the tenant is not: a hot prefix's.</summary>
    internal BlockKey? Root { get; init; }

    /// <summary>
    /// Higher goes first: -10 to 10. Each step is worth <see cref="EngineOptions.PriorityStep"/> of waiting, so that nothing starves.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>When the answer must have ended; where it has not, what there is ends with <see cref="FinishReason.Deadline"/>.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>How its part of the KV cache is kept afterwards.</summary>
    public CacheRetention Cache { get; init; } = CacheRetention.Default;

    /// <exception cref="ArgumentException">A field is outside its range; the message names both.</exception>
    internal void Validate(int vocabulary)
    {
        if (Prompt.Count == 0) throw new ArgumentException("The prompt has no tokens.", nameof(Prompt));
        foreach (int token in Prompt)
        {
            if ((uint)token >= (uint)vocabulary) throw new ArgumentException($"The prompt holds token {token}; the model knows 0 to {vocabulary - 1}.", nameof(Prompt));
        }

        if (MaxTokens is < 1) throw new ArgumentException($"MaxTokens is {MaxTokens}; it should be at least 1.", nameof(MaxTokens));
        if (LogProbabilities is < 0 or > 100) throw new ArgumentException($"LogProbabilities is {LogProbabilities}; it should be between 0 and 100.", nameof(LogProbabilities));
        if (Priority is < LeastPriority or > MostPriority) throw new ArgumentException($"Priority is {Priority}; it should be between {LeastPriority} and {MostPriority}.", nameof(Priority));
        Cache.Validate();
    }
}
