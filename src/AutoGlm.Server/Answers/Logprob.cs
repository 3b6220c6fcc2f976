using System.Text;
using AutoGlm.Engine.Sampling;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Answers;

/// <summary>The engine's log-probabilities in OpenAI's shape.</summary>
internal static class Logprob
{
    /// <summary>JSON has no infinity: OpenAI's value for what is impossible.</summary>
    private const double Impossible = -9999;

    public static TokenLogprob? Of(Tokenizer tokenizer, TokenLogProbabilities? token) =>
        token is null ? null : Of(tokenizer, token.Chosen, [.. token.Alternatives.Select(other => Of(tokenizer, other, null))]);

    private static TokenLogprob Of(Tokenizer tokenizer, TokenLogProbability token, IReadOnlyList<TokenLogprob>? alternatives)
    {
        // Logits may be padded past the tokens there are.
        byte[] bytes = token.Token < tokenizer.VocabularySize ? tokenizer.TokenBytes(token.Token).ToArray() : [];
        string text = bytes.Length > 0 ? Encoding.UTF8.GetString(bytes) : token.Token < tokenizer.VocabularySize ? tokenizer.TokenText(token.Token) : "";
        return new TokenLogprob(text, Math.Max(Impossible, token.LogProbability), [.. bytes], alternatives);
    }
}
