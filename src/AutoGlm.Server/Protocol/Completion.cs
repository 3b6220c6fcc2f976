using System.Text.Json.Serialization;

namespace AutoGlm.Server.Protocol;

/// <summary>What texts go on with: whole, or a piece of it as an event of a stream.</summary>
public sealed record Completion() : Envelope("text_completion")
{
    public required IReadOnlyList<CompletionChoice> Choices { get; init; }
}

/// <summary>One continuation, or a piece of it.</summary>
/// <param name="Index">Prompt by prompt, n of each.</param>
/// <param name="Text">The text.</param>
/// <param name="Logprobs">Of its tokens, where asked for.</param>
/// <param name="FinishReason">stop or length; null in a piece that is not the last.</param>
public sealed record CompletionChoice(
    int Index,
    string Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] CompletionLogprobs? Logprobs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason);

/// <summary>Log-probabilities, an item for each token in every list.</summary>
/// <param name="Tokens">The tokens' texts.</param>
/// <param name="TokenLogprobs">Their log-probabilities; -9999 where impossible.</param>
/// <param name="TopLogprobs">The likeliest tokens there, by text.</param>
/// <param name="TextOffset">Where each token begins in the text, in UTF-16 units.</param>
public sealed record CompletionLogprobs(
    IReadOnlyList<string> Tokens,
    IReadOnlyList<double> TokenLogprobs,
    IReadOnlyList<IReadOnlyDictionary<string, double>> TopLogprobs,
    IReadOnlyList<int> TextOffset);
