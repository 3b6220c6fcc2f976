using System.Text.Json;
using AutoGlm.Cli.LoadTests;

namespace AutoGlm.Cli.Ablation;

/// <summary>What one row of the ablation measured. Times in milliseconds.</summary>
internal sealed record AblationResult
{
    public required string Name { get; init; }

    public required int Requests { get; init; }

    public required double RequestsPerSecond { get; init; }

    public required double TokensPerSecond { get; init; }

    public required double MeanLatency { get; init; }

    public required double P99Latency { get; init; }

    /// <summary>Mean time to the first token.</summary>
    public required double MeanFirstToken { get; init; }

    /// <summary>Time to the very first request's first token: the hot prefix's, where it was not warmed up.</summary>
    public required double ColdFirstToken { get; init; }

    public required double HitRate { get; init; }

    /// <summary>The process's resident bytes at their peak; null where the system does not tell.</summary>
    public required long? PeakMemory { get; init; }

    public static AblationResult Of(string name, IReadOnlyList<RequestOutcome> outcomes, TimeSpan time)
    {
        Latency latency = new(outcomes.Select(outcome => outcome.Duration));
        return new AblationResult
        {
            Name = name,
            Requests = outcomes.Count,
            RequestsPerSecond = outcomes.Count / time.TotalSeconds,
            TokensPerSecond = outcomes.Sum(outcome => (double)outcome.Tokens) / time.TotalSeconds,
            MeanLatency = latency.Mean,
            P99Latency = latency.Percentile(99),
            MeanFirstToken = new Latency(outcomes.Select(outcome => outcome.FirstToken)).Mean,
            ColdFirstToken = outcomes.MinBy(outcome => outcome.Sent + outcome.FirstToken)!.FirstToken.TotalMilliseconds,
            HitRate = outcomes.Sum(outcome => (double)outcome.CachedTokens) / outcomes.Sum(outcome => (double)outcome.PromptTokens),
            PeakMemory = ServerProcess.PeakMemory(Environment.ProcessId),
        };
    }

    public static AblationResult Parse(string json) =>
        JsonSerializer.Deserialize<AblationResult>(json, Output.JsonOutput.Options) ?? throw new JsonException("The row is null.");
}
