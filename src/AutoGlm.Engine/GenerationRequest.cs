using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Sampling;

namespace AutoGlm.Engine;

/// <summary>A prompt and how to go on from it.</summary>
public sealed record GenerationRequest
{
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
}
