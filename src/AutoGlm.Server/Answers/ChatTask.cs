using System.Text.Json.Nodes;
using AutoGlm.Engine;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Tools;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Answers;

/// <summary>A conversation made ready for the engine: its prompt, what answers to it may be, and how they are read.</summary>
internal static class ChatTask
{
    /// <exception cref="ApiException">The model cannot chat, or a schema or grammar cannot be used.</exception>
    public static PreparedChat Prepare(InferenceEngine engine, IReadOnlyList<ChatMessage> messages, ToolFields tools, ResponseFormat format, JsonObject? variables, string? reasoningEffort)
    {
        if (engine.Model.ChatTemplate is null)
            throw ApiException.Invalid("messages", $"'{engine.Model.Name}' has no chat template, so it cannot chat; POST /v1/completions goes on from a text.", "no_chat_template");
        Dictionary<string, object?> all = variables?.ToDictionary(pair => pair.Key, pair => (object?)pair.Value) ?? [];
        if (reasoningEffort is not null) all["reasoning_effort"] = reasoningEffort;
        ChatInput input = new()
        {
            Messages = new JsonArray([.. messages.Select(message => message.ToTemplate())]),
            Tools = tools.Definitions,
            ToolChoice = tools.Choice,
            ParallelToolCalls = tools.Parallel,
            Format = format.ToGrammar(),
            TemplateVariables = all,
        };
        try
        {
            return engine.PrepareChat(input);
        }
        catch (GrammarException error)
        {
            string field = format.Kind == AnswerFormat.Text ? "tools" : format.Field;
            throw ApiException.Invalid(field, $"{field} cannot be followed: {error.Message}", "invalid_schema");
        }
    }
}
