using AutoGlm.Engine.Sampling;

namespace AutoGlm.Engine;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended it, or a stop text came.</summary>
    Stop,

    /// <summary>The most tokens were reached, or the context is full.</summary>
    Length,

    /// <summary>The request's deadline passed.</summary>
    Deadline,

    /// <summary>The engine is shutting down and its grace period is over.</summary>
    Cancelled,
}

/// <summary>A piece of an answer, as it comes.</summary>
public sealed record GenerationChunk
{
    /// <summary>Text that is complete now; may be empty, since a character or a possible stop text may span tokens.</summary>
    public required string Text { get; init; }

    /// <summary>The token this piece comes with; null in the last piece where it only brings held-back text.</summary>
    public int? Token { get; init; }

    /// <summary>The token's log-probability and its alternatives, if the request asked for them.</summary>
    public TokenLogProbabilities? LogProbabilities { get; init; }

    /// <summary>Why the answer ended; null but in the last piece.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>What the answer took; null but in the last piece.</summary>
    public GenerationStatistics? Statistics { get; init; }
}

/// <summary>What an answer took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="ReusedTokens">Those whose keys and values were there already.</param>
/// <param name="GeneratedTokens">Tokens generated.</param>
/// <param name="QueueTime">From the request to the first step with it.</param>
/// <param name="PromptTime">From then to the first token.</param>
/// <param name="GenerationTime">From the first token to the last.</param>
public sealed record GenerationStatistics(int PromptTokens, int ReusedTokens, int GeneratedTokens, TimeSpan QueueTime, TimeSpan PromptTime, TimeSpan GenerationTime)
{
    /// <summary>Prompt tokens computed a second.</summary>
    public double PromptRate => (PromptTokens - ReusedTokens) / Math.Max(1e-9, PromptTime.TotalSeconds);

    /// <summary>Tokens generated a second, after the first.</summary>
    public double GenerationRate => GeneratedTokens < 2 ? 0 : (GeneratedTokens - 1) / Math.Max(1e-9, GenerationTime.TotalSeconds);
}
