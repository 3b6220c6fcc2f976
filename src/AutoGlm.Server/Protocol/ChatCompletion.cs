using System.Text.Json.Serialization;

namespace AutoGlm.Server.Protocol;

/// <summary>Answers to a conversation.</summary>
public sealed record ChatCompletion() : Envelope("chat.completion")
{
    public required IReadOnlyList<ChatChoice> Choices { get; init; }
}

/// <summary>One answer.</summary>
/// <param name="Index">Which of n.</param>
/// <param name="Message">What the model says.</param>
/// <param name="Logprobs">Of its tokens, where asked for.</param>
/// <param name="FinishReason">stop, length or tool_calls.</param>
public sealed record ChatChoice(
    int Index,
    AssistantMessage Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ChatLogprobs? Logprobs,
    string FinishReason);

/// <summary>What the model says.</summary>
public sealed record AssistantMessage
{
    public string Role { get; init; } = "assistant";

    /// <summary>The text; null where there are tool calls alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Content { get; init; }

    /// <summary>Always null: models here do not refuse apart from their text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Refusal { get; init; }

    /// <summary>The model's thoughts, where it thinks before it answers.</summary>
    public string? ReasoningContent { get; init; }

    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }
}

/// <summary>A call of one of the request's tools.</summary>
public sealed record ToolCall(string Id, FunctionCall Function)
{
    public string Type { get; init; } = "function";
}

/// <param name="Name">The function.</param>
/// <param name="Arguments">A JSON object as text.</param>
public sealed record FunctionCall(string Name, string Arguments);

/// <summary>Log-probabilities of an answer's tokens.</summary>
public sealed record ChatLogprobs(IReadOnlyList<TokenLogprob> Content)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<TokenLogprob>? Refusal { get; init; }
}

/// <summary>A token and the natural logarithm of its probability.</summary>
/// <param name="Token">Its text; bytes that are no whole characters show as U+FFFD.</param>
/// <param name="Logprob">-9999 where it is impossible.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="TopLogprobs">The likeliest tokens there; null inside such a list.</param>
public sealed record TokenLogprob(string Token, double Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<TokenLogprob>? TopLogprobs);

/// <summary>A piece of answers, as an event of a stream.</summary>
public sealed record ChatCompletionChunk() : Envelope("chat.completion.chunk")
{
    /// <summary>Empty in the last piece, which brings the usage.</summary>
    public required IReadOnlyList<ChatChunkChoice> Choices { get; init; }
}

/// <summary>A piece of one answer.</summary>
public sealed record ChatChunkChoice(
    int Index,
    ChatDelta Delta,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ChatLogprobs? Logprobs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason);

/// <summary>What an answer goes on with.</summary>
public sealed record ChatDelta
{
    /// <summary>In an answer's first piece.</summary>
    public string? Role { get; init; }

    public string? Content { get; init; }

    public string? ReasoningContent { get; init; }

    public IReadOnlyList<ToolCallDelta>? ToolCalls { get; init; }
}

/// <summary>A piece of a tool call.</summary>
/// <param name="Index">Which call of the answer.</param>
/// <param name="Function">Its name at first, then pieces of its arguments.</param>
public sealed record ToolCallDelta(int Index, FunctionCallDelta Function)
{
    /// <summary>In a call's first piece.</summary>
    public string? Id { get; init; }

    /// <summary>In a call's first piece: function.</summary>
    public string? Type { get; init; }
}

public sealed record FunctionCallDelta(string? Name, string? Arguments);
