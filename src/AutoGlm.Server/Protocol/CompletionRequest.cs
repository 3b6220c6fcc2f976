using System.Text.Json;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>Texts to go on from.</summary>
public sealed record CompletionRequest : GenerationFields
{
    private const int MaxPrompts = 128;

    internal CompletionRequest(JsonFields fields)
        : base(fields)
    {
        Prompts = PromptText.Read(fields, "prompt", MaxPrompts);
        N = fields.Integer("n", 1, MaxAnswers) ?? 1;
        if (N * Prompts.Count > MaxAnswers) throw fields.Invalid("n", $"times the prompts is {N * Prompts.Count:N0}; at most {MaxAnswers} answers are computed for one request.", "out_of_range");
        if ((fields.Integer("best_of", 1, MaxAnswers) ?? N) != N) throw fields.Invalid("best_of", "should equal n, or be left out: answers are not ranked here.", "unsupported_parameter");
        if (fields.String("suffix") is { Length: > 0 }) throw fields.Invalid("suffix", "is not supported; write the prompt so that the model continues it.", "unsupported_parameter");
        Echo = fields.Boolean("echo") ?? false;
        MaxTokens = ReadMost(fields, Echo ? 0 : 1, "max_tokens") switch { null => 16, -1 => null, { } most => most };
        Logprobs = fields.Integer("logprobs", 0, 20);
        if (Echo && Logprobs is not null) throw fields.Invalid("logprobs", "cannot go with echo: the prompt's own log-probabilities are not computed.", "unsupported_parameter");
        IncludeUsage = fields.Object("stream_options")?.Boolean("include_usage") ?? false;
        ResponseFormat = ResponseFormat.ReadText(fields);
    }

    /// <summary>A text, token ids, or an array of either.</summary>
    internal IReadOnlyList<PromptText> Prompts { get; }

    /// <summary>Continuations of each prompt; 1 to 128 in all.</summary>
    public int N { get; }

    /// <summary>True to begin with the prompt.</summary>
    public bool Echo { get; }

    /// <summary>Most tokens of a continuation; 16 where it is left out, as many as the context leaves where it is -1.</summary>
    public int? MaxTokens { get; }

    /// <summary>Likeliest tokens to tell at each place, 0 to 20; none where it is left out.</summary>
    public int? Logprobs { get; }

    /// <summary>stream_options.include_usage: the last event of a stream brings the usage.</summary>
    public bool IncludeUsage { get; }

    /// <summary>What the text should be.</summary>
    internal ResponseFormat ResponseFormat { get; }
}
