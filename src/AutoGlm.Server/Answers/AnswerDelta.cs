using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Answers;

/// <summary>What an answer goes on with: text, thought, or pieces of tool calls.</summary>
internal readonly record struct AnswerDelta(string Text, string Thought, IReadOnlyList<ToolCallDelta> Calls)
{
    public bool IsEmpty => Text.Length == 0 && Thought.Length == 0 && Calls.Count == 0;
}
