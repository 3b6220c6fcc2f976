using System.Text.Json;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>A text to go on from, as llama.cpp's own clients ask.</summary>
public sealed record LlamaCompletionRequest : GenerationFields
{
    internal LlamaCompletionRequest(JsonFields fields)
        : base(fields)
    {
        Prompt = PromptText.Read(fields, "prompt", 1)[0];
        NPredict = ReadMost(fields, 1, "n_predict", "max_tokens") is { } most and not -1 ? most : null;
        NProbs = fields.Integer("n_probs", 0, 20) is > 0 and { } probabilities ? probabilities : null;
        ReturnTokens = fields.Boolean("return_tokens") ?? false;
        ResponseFormat = ResponseFormat.ReadText(fields);
    }

    /// <summary>A text, or token ids.</summary>
    internal PromptText Prompt { get; }

    /// <summary>Most tokens; as many as the context leaves where it is left out, or -1.</summary>
    public int? NPredict { get; }

    /// <summary>Likeliest tokens to tell at each place, 0 to 20.</summary>
    public int? NProbs { get; }

    /// <summary>True for the tokens' ids too.</summary>
    public bool ReturnTokens { get; }

    /// <summary>What the text should be.</summary>
    internal ResponseFormat ResponseFormat { get; }
}

/// <summary>What a text goes on with, in llama-server's shape: whole, or a piece of it as an event of a stream.</summary>
public sealed record LlamaCompletion
{
    public int Index { get; init; }

    /// <summary>The text; of a stream, a piece of it.</summary>
    public required string Content { get; init; }

    /// <summary>Its tokens, where they were asked for.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>True at the end.</summary>
    public required bool Stop { get; init; }

    /// <summary>Tokens generated so far.</summary>
    public required int TokensPredicted { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int TokensEvaluated { get; init; }

    /// <summary>Log-probabilities, where they were asked for.</summary>
    public IReadOnlyList<LlamaProbability>? CompletionProbabilities { get; init; }

    public string? Model { get; init; }

    /// <summary>Why it ended: eos, word or limit.</summary>
    public string? StopType { get; init; }

    /// <summary>Always false: what does not fit is refused.</summary>
    public bool? Truncated { get; init; }

    /// <summary>Prompt tokens that were not computed again.</summary>
    public int? TokensCached { get; init; }

    public Timings? Timings { get; init; }
}

/// <summary>A token and the natural logarithm of its probability.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Token">Its text.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Logprob">-9999 where it is impossible.</param>
/// <param name="TopLogprobs">The likeliest tokens there; null inside such a list.</param>
public sealed record LlamaProbability(int Id, string Token, IReadOnlyList<int> Bytes, double Logprob, IReadOnlyList<LlamaProbability>? TopLogprobs);

/// <summary>What llama.cpp's clients ask a server about itself before they ask it anything else.</summary>
/// <param name="DefaultGenerationSettings">Of a request that says nothing.</param>
/// <param name="TotalSlots">Answers at a time.</param>
/// <param name="ModelAlias">The model's id.</param>
/// <param name="ModelPath">The same: where the file is is nobody's business.</param>
/// <param name="ChatTemplate">The model's, as Jinja.</param>
/// <param name="BosToken">Begin of text.</param>
/// <param name="EosToken">End of text.</param>
/// <param name="Modalities">What it reads beside text.</param>
/// <param name="BuildInfo">The program.</param>
public sealed record LlamaProps(LlamaSettings DefaultGenerationSettings, int TotalSlots, string ModelAlias, string ModelPath, string ChatTemplate, string BosToken, string EosToken, LlamaModalities Modalities, string BuildInfo);

/// <param name="NCtx">Longest prompt plus answer, in tokens.</param>
/// <param name="Params">How tokens are chosen.</param>
public sealed record LlamaSettings(int NCtx, LlamaParams Params);

/// <summary>How tokens are chosen where a request does not say.</summary>
public sealed record LlamaParams(float Temperature, int TopK, float TopP, float MinP, float TypicalP, int RepeatLastN, float RepeatPenalty, float PresencePenalty, float FrequencyPenalty);

public sealed record LlamaModalities(bool Vision, bool Audio);

/// <summary>A conversation as the model's chat template writes it.</summary>
public sealed record AppliedTemplate(string Prompt);
