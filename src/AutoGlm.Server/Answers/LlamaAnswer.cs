using AutoGlm.Engine;
using AutoGlm.Engine.Sampling;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Answers;

/// <summary>One answer as it comes, in llama-server's shape.</summary>
internal sealed class LlamaAnswer(InferenceEngine engine, LlamaCompletionRequest request, int promptTokens, string model)
{
    private readonly Answer _answer = new(engine.Tokenizer);
    private readonly List<int> _tokens = [];
    private readonly List<LlamaProbability> _probabilities = [];
    private int _predicted;

    /// <summary>Takes a piece; gives it as an event.</summary>
    public LlamaCompletion Add(GenerationChunk chunk)
    {
        (AnswerParts delta, TokenLogprob? logprob) = _answer.Add(chunk);
        if (chunk.Token is not null) _predicted++;
        IReadOnlyList<int> tokens = request.ReturnTokens && chunk.Token is { } token ? [token] : [];
        _tokens.AddRange(tokens);
        LlamaProbability? probability = logprob is null ? null : Probability(chunk.LogProbabilities!, logprob);
        if (probability is not null) _probabilities.Add(probability);
        LlamaCompletion piece = new()
        {
            Content = delta.Text,
            Tokens = tokens,
            Stop = chunk.FinishReason is not null,
            TokensPredicted = _predicted,
            TokensEvaluated = promptTokens,
            CompletionProbabilities = probability is null ? null : [probability],
        };
        return chunk.FinishReason is { } reason && chunk.Statistics is { } statistics ? End(piece, chunk, reason, statistics) : piece;
    }

    /// <summary>The answer as a whole, from its last piece.</summary>
    public LlamaCompletion Whole(LlamaCompletion last) => last with
    {
        Content = _answer.Text,
        Tokens = _tokens,
        CompletionProbabilities = request.NProbs is null ? null : _probabilities,
    };

    private LlamaCompletion End(LlamaCompletion piece, GenerationChunk chunk, FinishReason reason, GenerationStatistics statistics) => piece with
    {
        Model = model,
        TokensPredicted = statistics.GeneratedTokens,
        StopType = reason != FinishReason.Stop ? "limit" : IsByModel(chunk) ? "eos" : "word",
        Truncated = false,
        TokensCached = statistics.ReusedTokens,
        Timings = Timings.Of(statistics),
    };

    /// <summary>Without stop texts, nothing but the model, or a grammar, ends an answer early.</summary>
    private bool IsByModel(GenerationChunk last) => request.Stop.Count == 0 || last.Token is { } token && engine.Tokenizer.EndOfGenerationIds.Contains(token);

    private static LlamaProbability Probability(TokenLogProbabilities chosen, TokenLogprob told) =>
        Probability(chosen.Chosen.Token, told, [.. chosen.Alternatives.Zip(told.TopLogprobs!, (other, shown) => Probability(other.Token, shown, null))]);

    private static LlamaProbability Probability(int id, TokenLogprob told, IReadOnlyList<LlamaProbability>? alternatives) =>
        new(id, told.Token, told.Bytes, told.Logprob, alternatives);
}
