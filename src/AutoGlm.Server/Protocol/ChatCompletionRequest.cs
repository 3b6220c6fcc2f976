using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>A conversation to be answered.</summary>
public sealed record ChatCompletionRequest : GenerationFields
{
    private const int MaxMessages = 65_536;

    internal ChatCompletionRequest(JsonFields fields)
        : base(fields)
    {
        fields.Require("messages", "an array of messages");
        Messages = [.. fields.Items("messages", MaxMessages).Select(item => new ChatMessage(item.Value, item.Path))];
        if (Messages.Count == 0) throw fields.Invalid("messages", "is empty; it should hold at least one message.");
        N = fields.Integer("n", 1, MaxAnswers) ?? 1;
        MaxTokens = ReadMost(fields, 1, "max_completion_tokens", "max_tokens", "n_predict") is { } most and not -1 ? most : null;
        Logprobs = fields.Boolean("logprobs") ?? false;
        TopLogprobs = fields.Integer("top_logprobs", 0, 20);
        if (TopLogprobs > 0 && !Logprobs) throw fields.Invalid("top_logprobs", "needs logprobs to be true.");
        IncludeUsage = fields.Object("stream_options")?.Boolean("include_usage") ?? false;
        ReasoningEffort = fields.String("reasoning_effort");
        ChatTemplateKwargs = fields.Object("chat_template_kwargs") is not null ? fields.Node("chat_template_kwargs") as JsonObject : null;
        Tools = ToolFields.ReadForChat(fields);
        ResponseFormat = ResponseFormat.ReadForChat(fields);
    }

    /// <summary>The conversation, oldest first.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

    /// <summary>Answers wanted; 1 to 128.</summary>
    public int N { get; }

    /// <summary>Most tokens of an answer, also max_completion_tokens or n_predict; as many as the context leaves where it is left out, or -1.</summary>
    public int? MaxTokens { get; }

    /// <summary>True for the tokens' log-probabilities.</summary>
    public bool Logprobs { get; }

    /// <summary>Likeliest tokens to tell at each place; 0 to 20.</summary>
    public int? TopLogprobs { get; }

    /// <summary>stream_options.include_usage: the last event of a stream brings the usage.</summary>
    public bool IncludeUsage { get; }

    /// <summary>Given to the chat template.</summary>
    public string? ReasoningEffort { get; }

    /// <summary>More variables for the chat template, such as enable_thinking.</summary>
    public JsonObject? ChatTemplateKwargs { get; }

    /// <summary>Tools that the model may call.</summary>
    internal ToolFields Tools { get; }

    /// <summary>What the answer should be.</summary>
    internal ResponseFormat ResponseFormat { get; }
}
