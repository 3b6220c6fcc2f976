using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Sampling;
using AutoGlm.Engine.Tools;
using Microsoft.Extensions.AI;

namespace AutoGlm.Engine;

/// <summary>Microsoft.Extensions.AI's messages and options as the engine's.</summary>
internal static class ChatMessages
{
    /// <exception cref="NotSupportedException">A message holds something other than text, thoughts, calls and results, or a tool is no function.</exception>
    public static ChatInput ToInput(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        JsonArray list = [.. messages.SelectMany(ToJson)];
        if (!string.IsNullOrEmpty(options?.Instructions)) list.Insert(0, Message("system", options.Instructions));
        return new ChatInput
        {
            Messages = list,
            Tools = [.. (options?.Tools ?? []).Select(ToTool)],
            ToolChoice = options?.ToolMode switch
            {
                NoneChatToolMode => ToolChoice.None,
                RequiredChatToolMode { RequiredFunctionName: { } name } => ToolChoice.Named(name),
                RequiredChatToolMode => ToolChoice.Required,
                _ => ToolChoice.Auto,
            },
            ParallelToolCalls = options?.AllowMultipleToolCalls ?? true,
            Format = options?.ResponseFormat switch
            {
                ChatResponseFormatJson { Schema: { } schema } => Grammar.JsonSchema(schema),
                ChatResponseFormatJson => Grammar.JsonObject(),
                _ => null,
            },
        };
    }

    public static SamplingOptions ToSampling(SamplingOptions defaults, ChatOptions? options) => options is null ? defaults : defaults with
    {
        Temperature = options.Temperature ?? defaults.Temperature,
        TopP = options.TopP ?? defaults.TopP,
        TopK = options.TopK ?? defaults.TopK,
        FrequencyPenalty = options.FrequencyPenalty ?? defaults.FrequencyPenalty,
        PresencePenalty = options.PresencePenalty ?? defaults.PresencePenalty,
        Seed = options.Seed is { } seed ? unchecked((ulong)seed) : defaults.Seed,
    };

    private static ToolDefinition ToTool(AITool tool)
    {
        if (tool is not AIFunctionDeclaration function) throw new NotSupportedException($"The tool '{tool.Name}' is a {tool.GetType().Name}; this engine calls functions.");
        bool isStrict = function.AdditionalProperties.TryGetValue("strict", out object? strict) && strict is true;
        return new ToolDefinition(function.Name, string.IsNullOrEmpty(function.Description) ? null : function.Description, function.JsonSchema, isStrict);
    }

    private static IEnumerable<JsonObject> ToJson(ChatMessage message)
    {
        AIContent? other = message.Contents.FirstOrDefault(content => content is not (TextContent or TextReasoningContent or UsageContent or FunctionCallContent or FunctionResultContent));
        if (other is not null) throw new NotSupportedException($"A message holds {other.GetType().Name}; this engine reads text, function calls and their results.");
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
        {
            JsonObject answer = Message("tool", Text(result.Result));
            answer["tool_call_id"] = result.CallId;
            yield return answer;
        }

        FunctionCallContent[] calls = [.. message.Contents.OfType<FunctionCallContent>()];
        if (message.Role == ChatRole.Tool || (message.Contents.Count > 0 && message.Contents.All(content => content is FunctionResultContent))) yield break;
        JsonObject own = Message(message.Role.Value, message.Text);
        string thoughts = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(content => content.Text));
        if (thoughts.Length > 0) own["reasoning_content"] = thoughts;
        if (calls.Length > 0) own["tool_calls"] = new JsonArray([.. calls.Select(ToJson)]);
        yield return own;
    }

    private static JsonObject ToJson(FunctionCallContent call) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = call.Name,
            ["arguments"] = JsonSerializer.SerializeToNode(call.Arguments ?? new Dictionary<string, object?>(), AIJsonUtilities.DefaultOptions),
        },
    };

    private static string Text(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        TextContent text => text.Text,
        _ => JsonSerializer.Serialize(result, AIJsonUtilities.DefaultOptions),
    };

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
