using AutoGlm.Engine;

namespace AutoGlm.Server.Protocol;

/// <summary>How fast an answer was, as llama-server tells it.</summary>
/// <param name="CacheN">Prompt tokens that were cached.</param>
/// <param name="PromptN">Prompt tokens computed.</param>
/// <param name="PromptMs">Milliseconds from the first step to the first token.</param>
/// <param name="PromptPerTokenMs">Of which for each token.</param>
/// <param name="PromptPerSecond">Prompt tokens a second.</param>
/// <param name="PredictedN">Tokens generated.</param>
/// <param name="PredictedMs">Milliseconds from the first token to the last.</param>
/// <param name="PredictedPerTokenMs">For each token after the first.</param>
/// <param name="PredictedPerSecond">Tokens generated a second, after the first.</param>
public sealed record Timings(int CacheN, int PromptN, double PromptMs, double PromptPerTokenMs, double PromptPerSecond, int PredictedN, double PredictedMs, double PredictedPerTokenMs, double PredictedPerSecond)
{
    internal static Timings Of(GenerationStatistics took)
    {
        int computed = took.PromptTokens - took.ReusedTokens;
        double prompt = took.PromptTime.TotalMilliseconds, predicted = took.GenerationTime.TotalMilliseconds;
        return new Timings(
            took.ReusedTokens,
            computed,
            prompt,
            prompt / Math.Max(1, computed),
            took.PromptRate,
            took.GeneratedTokens,
            predicted,
            predicted / Math.Max(1, took.GeneratedTokens - 1),
            took.GenerationRate);
    }
}
