using System.Text.Json.Nodes;
using AutoGlm.Engine.Constraints;

namespace AutoGlm.Engine.Tools;

/// <summary>A conversation and what is wanted of the answer.</summary>
public sealed record ChatInput
{
    /// <summary>
    /// The messages, oldest first, as OpenAI's chat completions have them: <c>role</c>, <c>content</c>, <c>tool_calls</c>,
    /// <c>tool_call_id</c>; and <c>reasoning_content</c>. Whatever they hold is text to the model, control tokens' texts too.
    /// </summary>
    public required JsonArray Messages { get; init; }

    /// <summary>Functions that the model may ask to be called.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];

    public ToolChoice ToolChoice { get; init; } = ToolChoice.Auto;

    /// <summary>Whether one answer may have several calls.</summary>
    public bool ParallelToolCalls { get; init; } = true;

    /// <summary>What an answer in text may be; null for any text.</summary>
    public Grammar? Format { get; init; }

    /// <summary>More variables for the chat template, such as <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, object?> TemplateVariables { get; init; } = new Dictionary<string, object?>();
}
