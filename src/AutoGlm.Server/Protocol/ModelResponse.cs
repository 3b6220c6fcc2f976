using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutoGlm.Server.Protocol;

/// <summary>A response, as OpenAI's Responses API has it.</summary>
public sealed record ModelResponse
{
    public required string Id { get; init; }

    public string Object { get; init; } = "response";

    /// <summary>Seconds since 1970.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>in_progress, completed, incomplete or failed.</summary>
    public required string Status { get; init; }

    public bool Background { get; init; }

    /// <summary>Why it failed, where it did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ResponseError? Error { get; init; }

    /// <summary>Why it is incomplete, where it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IncompleteDetails? IncompleteDetails { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Instructions { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? MaxOutputTokens { get; init; }

    public required string Model { get; init; }

    /// <summary>What the model thought, said and called, in order.</summary>
    public IReadOnlyList<ResponseItem> Output { get; init; } = [];

    public required bool ParallelToolCalls { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? PreviousResponseId { get; init; }

    public required bool Store { get; init; }

    public required float Temperature { get; init; }

    public required float TopP { get; init; }

    public required JsonElement Text { get; init; }

    public required JsonElement ToolChoice { get; init; }

    public required JsonElement Tools { get; init; }

    public string Truncation { get; init; } = "disabled";

    /// <summary>Null until it ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ResponseUsage? Usage { get; init; }

    public required JsonElement Metadata { get; init; }
}

/// <param name="Code">A word for programs.</param>
/// <param name="Message">What is wrong.</param>
public sealed record ResponseError(string Code, string Message);

/// <param name="Reason">max_output_tokens.</param>
public sealed record IncompleteDetails(string Reason);

/// <summary>A part of what the model does: a message, a function call, or reasoning.</summary>
/// <param name="Type">message, function_call or reasoning.</param>
/// <param name="Id">The item's own id.</param>
/// <param name="Status">in_progress, completed or incomplete.</param>
public sealed record ResponseItem(string Type, string Id, string Status)
{
    /// <summary>Of a message: assistant.</summary>
    public string? Role { get; init; }

    /// <summary>Of a message or reasoning.</summary>
    public IReadOnlyList<ResponsePart>? Content { get; init; }

    /// <summary>Of reasoning: always empty, since thoughts come whole.</summary>
    public IReadOnlyList<ResponsePart>? Summary { get; init; }

    /// <summary>Of a function call: the id that its output names.</summary>
    public string? CallId { get; init; }

    /// <summary>Of a function call: the function.</summary>
    public string? Name { get; init; }

    /// <summary>Of a function call: a JSON object as text.</summary>
    public string? Arguments { get; init; }
}

/// <summary>A part of an item.</summary>
/// <param name="Type">output_text or reasoning_text.</param>
/// <param name="Text">The text.</param>
public sealed record ResponsePart(string Type, string Text)
{
    /// <summary>Of output_text: always empty.</summary>
    public IReadOnlyList<JsonElement>? Annotations { get; init; }

    /// <summary>Of output_text: always empty.</summary>
    public IReadOnlyList<JsonElement>? Logprobs { get; init; }
}

/// <summary>Tokens of a response.</summary>
public sealed record ResponseUsage(int InputTokens, PromptTokensDetails InputTokensDetails, int OutputTokens, CompletionTokensDetails OutputTokensDetails, int TotalTokens);

/// <summary>What <c>DELETE /v1/responses/{id}</c> answers.</summary>
public sealed record DeletedResponse(string Id)
{
    public string Object { get; init; } = "response";

    public bool Deleted { get; init; } = true;
}

/// <summary>An event of a streamed response; which fields it has depends on its type.</summary>
/// <param name="Type">Such as response.output_text.delta.</param>
public sealed record ResponseEvent(string Type)
{
    /// <summary>0, 1, 2 and so on.</summary>
    public int SequenceNumber { get; init; }

    /// <summary>The response so far, in events about all of it.</summary>
    public ModelResponse? Response { get; init; }

    /// <summary>Which item of the output.</summary>
    public int? OutputIndex { get; init; }

    public string? ItemId { get; init; }

    /// <summary>Which part of the item.</summary>
    public int? ContentIndex { get; init; }

    /// <summary>In output_item events.</summary>
    public ResponseItem? Item { get; init; }

    /// <summary>In content_part events.</summary>
    public ResponsePart? Part { get; init; }

    /// <summary>What a text or a call's arguments go on with.</summary>
    public string? Delta { get; init; }

    /// <summary>The whole text, once it is done.</summary>
    public string? Text { get; init; }

    /// <summary>Of output_text events: always empty.</summary>
    public IReadOnlyList<JsonElement>? Logprobs { get; init; }

    /// <summary>The function, once its call is done.</summary>
    public string? Name { get; init; }

    /// <summary>The whole arguments, once they are done.</summary>
    public string? Arguments { get; init; }

    /// <summary>Of an error before the response began.</summary>
    public string? Code { get; init; }

    /// <summary>Of an error before the response began.</summary>
    public string? Message { get; init; }
}
