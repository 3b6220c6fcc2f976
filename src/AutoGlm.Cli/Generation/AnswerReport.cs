using System.Text.Json.Nodes;
using AutoGlm.Cli.Output;
using AutoGlm.Engine;
using AutoGlm.Engine.Sampling;
using AutoGlm.Formats.Tokenizers;
using Spectre.Console;

namespace AutoGlm.Cli.Generation;

/// <summary>What is told of an answer besides its text.</summary>
internal static class AnswerReport
{
    /// <summary>The statistics line.</summary>
    public static string Line(Answer answer)
    {
        GenerationStatistics statistics = answer.Statistics;
        string reused = answer.WasInterrupted ? "" : $" ({statistics.ReusedTokens:N0} reused)";
        string ending = answer.FinishReason switch
        {
            FinishReason.Length => ", cut off",
            null => ", interrupted",
            _ => "",
        };
        if (statistics.GeneratedTokens == 0) return $"prompt: {statistics.PromptTokens:N0} tokens · generation: none{ending}";
        return $"prompt: {statistics.PromptTokens:N0} tokens{reused}, {Numbers.Rate(statistics.PromptRate)} tok/s · "
            + $"generation: {statistics.GeneratedTokens:N0} tokens{ending}, {Numbers.Rate(statistics.GenerationRate)} tok/s · "
            + $"first token: {Numbers.Seconds(statistics.QueueTime + statistics.PromptTime)}";
    }

    /// <summary>All of it as JSON.</summary>
    public static JsonObject Json(Answer answer, InferenceEngine engine, GenerationRequest request)
    {
        GenerationStatistics statistics = answer.Statistics;
        JsonObject json = new()
        {
            ["model"] = engine.Model.Name,
            ["text"] = answer.Text,
            ["finish_reason"] = answer.FinishName,
            ["tokens"] = new JsonArray([.. answer.Tokens.Select(token => (JsonNode)token)]),
            ["usage"] = new JsonObject
            {
                ["prompt_tokens"] = statistics.PromptTokens,
                ["reused_tokens"] = statistics.ReusedTokens,
                ["generated_tokens"] = statistics.GeneratedTokens,
            },
            ["prompt_tokens_per_second"] = statistics.PromptRate,
            ["generation_tokens_per_second"] = statistics.GenerationRate,
            ["first_token_seconds"] = (statistics.QueueTime + statistics.PromptTime).TotalSeconds,
            ["backend"] = engine.BackendName,
        };
        if (request.LogProbabilities is not null) json["logprobs"] = LogProbabilitiesJson(answer, engine.Tokenizer);
        return json;
    }

    /// <summary>A table of the answer's tokens, their log-probabilities and alternatives.</summary>
    public static void WriteLogProbabilities(Terminal terminal, Answer answer, Tokenizer tokenizer)
    {
        Table table = Tables.Create(terminal, ">token", "piece", ">logprob", "alternatives");
        foreach (GenerationChunk chunk in answer.Chunks)
        {
            if (chunk is not { Token: { } token, LogProbabilities: { } probabilities }) continue;
            string alternatives = string.Join("  ", probabilities.Alternatives.Select(top => $"{tokenizer.TokenText(top.Token)} {top.LogProbability:F3}"));
            table.Add(token.ToString(), tokenizer.TokenText(token), probabilities.Chosen.LogProbability.ToString("F4"), alternatives);
        }

        Tables.Write(terminal, table);
    }

    private static JsonArray LogProbabilitiesJson(Answer answer, Tokenizer tokenizer)
    {
        JsonArray all = [];
        foreach (GenerationChunk chunk in answer.Chunks)
        {
            if (chunk is not { Token: { } token, LogProbabilities: { } probabilities }) continue;
            JsonObject entry = One(token, probabilities.Chosen.LogProbability);
            entry["top"] = new JsonArray([.. probabilities.Alternatives.Select(top => One(top.Token, top.LogProbability))]);
            all.Add(entry);
        }

        return all;

        JsonObject One(int token, double probability) => new()
        {
            ["token"] = token,
            ["piece"] = tokenizer.TokenText(token),
            // JSON has no infinity: what cannot come has no log-probability.
            ["logprob"] = double.IsFinite(probability) ? probability : null,
        };
    }
}
