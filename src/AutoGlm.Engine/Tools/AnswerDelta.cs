namespace AutoGlm.Engine.Tools;

/// <summary>A piece of an answer by its kind: exactly one field is set.</summary>
public sealed record AnswerDelta
{
    /// <summary>Text for the user.</summary>
    public string? Content { get; init; }

    /// <summary>What the model thinks before it answers.</summary>
    public string? Reasoning { get; init; }

    /// <summary>A tool call, or more of one.</summary>
    public ToolCallDelta? ToolCall { get; init; }
}

/// <summary>A tool call's beginning, with id and name, or a piece of its arguments.</summary>
/// <param name="Index">Which call of the answer, from 0.</param>
/// <param name="Id">In the first piece alone.</param>
/// <param name="Name">In the first piece alone.</param>
/// <param name="Arguments">More of the arguments' JSON.</param>
public sealed record ToolCallDelta(int Index, string? Id, string? Name, string Arguments);
