using System.Text;
using System.Text.Json;
using AutoGlm.Engine.Tools;
using Microsoft.Extensions.AI;

namespace AutoGlm.Engine;

/// <summary>An answer's pieces as Microsoft.Extensions.AI's contents. Calls come whole, as its contents have it.</summary>
internal sealed class ChatUpdates(AnswerParser parser)
{
    private readonly StringBuilder _arguments = new();
    private ToolCallDelta? _call;

    /// <summary>True once the model has called a tool.</summary>
    public bool HasCalls => parser.HasCalls;

    public List<AIContent> Read(GenerationChunk chunk)
    {
        List<AIContent> contents = [];
        foreach (AnswerDelta delta in parser.Append(chunk.Text)) Add(delta, contents);
        if (chunk.FinishReason is null) return contents;
        foreach (AnswerDelta delta in parser.Flush()) Add(delta, contents);
        EndCall(contents);
        if (chunk.Statistics is { } statistics) contents.Add(new UsageContent(ToUsage(statistics)));
        return contents;
    }

    private void Add(AnswerDelta delta, List<AIContent> contents)
    {
        if (delta.Content is { } text) contents.Add(new TextContent(text));
        if (delta.Reasoning is { } thoughts) contents.Add(new TextReasoningContent(thoughts));
        if (delta.ToolCall is not { } call) return;
        if (call.Name is not null)
        {
            EndCall(contents);
            _call = call;
        }

        _arguments.Append(call.Arguments);
    }

    private void EndCall(List<AIContent> contents)
    {
        if (_call is not { } call) return;
        contents.Add(FunctionCallContent.CreateFromParsedArguments(_arguments.ToString(), call.Id!, call.Name!, ParseArguments));
        _arguments.Clear();
        _call = null;
    }

    private static Dictionary<string, object?>? ParseArguments(string json) => JsonSerializer.Deserialize<Dictionary<string, object?>>(json, AIJsonUtilities.DefaultOptions);

    private static UsageDetails ToUsage(GenerationStatistics statistics) => new()
    {
        InputTokenCount = statistics.PromptTokens,
        OutputTokenCount = statistics.GeneratedTokens,
        TotalTokenCount = statistics.PromptTokens + statistics.GeneratedTokens,
        CachedInputTokenCount = statistics.ReusedTokens,
    };
}
