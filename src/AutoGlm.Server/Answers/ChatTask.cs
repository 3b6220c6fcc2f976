using System.Text.Json.Nodes;
using AutoGlm.Engine;
using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Answers;

/// <summary>A conversation made ready for the engine: its prompt, and how answers to it are read.</summary>
internal sealed class ChatTask
{
    private const int EndLooked = 8;

    private readonly bool _thinking;

    private ChatTask(IReadOnlyList<int> prompt, bool thinking)
    {
        Prompt = prompt;
        _thinking = thinking;
    }

    /// <summary>Token ids.</summary>
    public IReadOnlyList<int> Prompt { get; }

    /// <exception cref="ApiException">The model cannot chat.</exception>
    public static ChatTask For(InferenceEngine engine, IReadOnlyList<ChatMessage> messages, ToolFields tools, ResponseFormat format, JsonObject? variables, string? reasoningEffort)
    {
        if (engine.Model.ChatTemplate is null)
            throw ApiException.Invalid("messages", $"'{engine.Model.Name}' has no chat template, so it cannot chat; POST /v1/completions goes on from a text.", "no_chat_template");
        if (tools.Any) throw ApiException.Invalid("tools", "Tools are not supported yet.", "unsupported_parameter");
        if (format.Kind != AnswerFormat.Text) throw ApiException.Invalid(format.Field, $"{format.Field} is not supported yet.", "unsupported_parameter");
        Dictionary<string, object?> all = variables?.ToDictionary(pair => pair.Key, pair => (object?)pair.Value) ?? [];
        if (reasoningEffort is not null) all["reasoning_effort"] = reasoningEffort;
        IReadOnlyList<int> prompt = engine.EncodeChat(new JsonArray([.. messages.Select(message => message.ToTemplate())]), null, all);
        string end = engine.Tokenizer.Decode([.. prompt.TakeLast(EndLooked)], skipSpecial: false);
        return new ChatTask(prompt, end.TrimEnd().EndsWith("<think>", StringComparison.Ordinal));
    }

    /// <summary>A request with what this conversation asks of answers.</summary>
    public GenerationRequest Apply(GenerationRequest request) => request;

    /// <summary>A reader for one answer.</summary>
    public AnswerReader CreateReader() => new(new ThoughtSplitter(_thinking));
}
