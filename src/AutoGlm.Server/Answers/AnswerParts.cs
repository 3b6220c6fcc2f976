using AutoGlm.Engine.Tools;
using ToolCallDelta = AutoGlm.Server.Protocol.ToolCallDelta;

namespace AutoGlm.Server.Answers;

/// <summary>What an answer goes on with: text, thought, and pieces of tool calls.</summary>
internal readonly record struct AnswerParts(string Text, string Thought, IReadOnlyList<ToolCallDelta> Calls)
{
    public bool IsEmpty => Text.Length == 0 && Thought.Length == 0 && Calls.Count == 0;

    /// <summary>An answer that is text and nothing else.</summary>
    public static AnswerParts OfText(string text) => new(text, "", []);

    public static AnswerParts Of(IReadOnlyList<AnswerDelta> deltas) => new(
        string.Concat(deltas.Select(delta => delta.Content)),
        string.Concat(deltas.Select(delta => delta.Reasoning)),
        [.. deltas.Where(delta => delta.ToolCall is not null).Select(delta => ToWire(delta.ToolCall!))]);

    private static ToolCallDelta ToWire(Engine.Tools.ToolCallDelta call) => new(call.Index, new Protocol.FunctionCallDelta(call.Name, call.Arguments))
    {
        Id = call.Id,
        Type = call.Id is null ? null : "function",
    };
}
