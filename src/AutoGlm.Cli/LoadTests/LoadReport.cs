using System.Globalization;
using System.Text;

namespace AutoGlm.Cli.LoadTests;

/// <summary>What a load run measured.</summary>
internal sealed class LoadReport
{
    private readonly TimeSpan _time;
    private readonly IReadOnlyList<RequestOutcome> _answered;

    /// <param name="outcomes">Every request's.</param>
    /// <param name="time">The whole run's.</param>
    /// <param name="objective">What an answer must keep to count as good.</param>
    /// <param name="server">What it left of the server; null where nothing is known.</param>
    public LoadReport(IReadOnlyList<RequestOutcome> outcomes, TimeSpan time, ServiceObjective objective, ServerCondition? server)
    {
        _time = time;
        Outcomes = outcomes;
        Objective = objective;
        Server = server ?? new ServerCondition();
        _answered = [.. outcomes.Where(outcome => outcome.IsAnswered)];
        FirstToken = new Latency(_answered.Select(outcome => outcome.FirstToken));
        PerToken = new Latency(_answered.Where(outcome => outcome.Tokens > 1).Select(outcome => outcome.PerToken));
        EndToEnd = new Latency(_answered.Select(outcome => outcome.Duration));
    }

    public IReadOnlyList<RequestOutcome> Outcomes { get; }

    public ServiceObjective Objective { get; }

    public ServerCondition Server { get; }

    public Latency FirstToken { get; }

    public Latency PerToken { get; }

    public Latency EndToEnd { get; }

    public int Failed => Outcomes.Count(outcome => outcome.Error is not null);

    /// <summary>Answers that the client went away from; in no latency and no rate.</summary>
    public int Dropped => Outcomes.Count(outcome => outcome.IsDropped);

    /// <summary>True where nothing failed, and the server has lost no block.</summary>
    public bool IsSound => Failed == 0 && Server.Blocks is null or { Holds: true };

    public double RequestsPerSecond => _answered.Count / _time.TotalSeconds;

    public double TokensPerSecond => _answered.Sum(outcome => (double)outcome.Tokens) / _time.TotalSeconds;

    /// <summary>Requests a second that kept the objective.</summary>
    public double Goodput => _answered.Count(Objective.Holds) / _time.TotalSeconds;

    /// <summary>Share of the prompts' tokens that the server did not compute again.</summary>
    public double HitRate => _answered.Sum(outcome => (double)outcome.CachedTokens) / Math.Max(1, _answered.Sum(outcome => (double)outcome.PromptTokens));

    public object Json => new
    {
        requests = Outcomes.Count,
        failed = Failed,
        dropped = Dropped,
        errors = Outcomes.Where(outcome => outcome.Error is not null).GroupBy(outcome => outcome.Error).Select(group => new { error = group.Key, count = group.Count() }),
        seconds = _time.TotalSeconds,
        requests_per_second = RequestsPerSecond,
        tokens_per_second = TokensPerSecond,
        goodput = Goodput,
        slo = new { ttft_ms = Objective.FirstToken.TotalMilliseconds, tpot_ms = Objective.PerToken.TotalMilliseconds },
        hit_rate = HitRate,
        prompt_tokens = _answered.Sum(outcome => (long)outcome.PromptTokens),
        tokens = _answered.Sum(outcome => (long)outcome.Tokens),
        ttft_ms = FirstToken.Json,
        tpot_ms = PerToken.Json,
        e2e_ms = EndToEnd.Json,
        longest_wait_ms = FirstToken.Percentile(100),
        peak_memory = Server.PeakMemory,
        memory = Server.Memory is var (quarter, end)
            ? new { quarter = quarter.Resident, end = end.Resident, growth = quarter.GrowthTo(end), quarter_blocks = quarter.Blocks, end_blocks = end.Blocks, growth_beside_blocks = quarter.GrowthBesideBlocksTo(end) }
            : null,
        blocks = Server.Blocks is { } blocks ? new { total = blocks.Blocks, used = blocks.Used, cached = blocks.Cached, blank = blocks.Blank, accounted = blocks.Holds } : null,
    };

    /// <summary>The rows of the table: what, and its value as text.</summary>
    public IEnumerable<(string Name, string Value)> Rows()
    {
        yield return ("requests", Counts());
        yield return ("time", Number(_time.TotalSeconds, "s"));
        yield return ("requests/s", Number(RequestsPerSecond));
        yield return ("tokens/s", Number(TokensPerSecond));
        yield return ($"requests/s with TTFT ≤ {Objective.FirstToken.TotalMilliseconds:F0} ms, time per token ≤ {Objective.PerToken.TotalMilliseconds:F0} ms", Number(Goodput));
        yield return ("prompt tokens from the cache", HitRate.ToString("P1", CultureInfo.InvariantCulture));
        foreach ((string name, Latency latency) in new[] { ("time to first token", FirstToken), ("time per token", PerToken), ("end to end", EndToEnd) })
            yield return ($"{name}: mean, P50, P90, P99", $"{Number(latency.Mean)}, {Number(latency.Percentile(50))}, {Number(latency.Percentile(90))}, {Number(latency.Percentile(99))} ms");
        yield return ("longest wait for a first token", Number(FirstToken.Percentile(100), "ms"));
        if (Server.PeakMemory is { } bytes) yield return ("server's peak memory", Output.Numbers.Bytes(bytes));
        if (Server.Memory is var (quarter, end))
        {
            yield return ("server's memory at a quarter of the time, at the end", $"{Output.Numbers.Bytes(quarter.Resident)}, {Output.Numbers.Bytes(end.Resident)} ({Growth(quarter.GrowthTo(end))})");
            yield return ("of it KV blocks used so far, and growth of the rest", $"{Output.Numbers.Bytes(quarter.Blocks)}, {Output.Numbers.Bytes(end.Blocks)} ({Growth(quarter.GrowthBesideBlocksTo(end))})");
        }

        if (Server.Blocks is { } blocks) yield return ("server's KV blocks at rest: used, cached, blank, all", $"{blocks.Used}, {blocks.Cached}, {blocks.Blank}, {blocks.Blocks}");
    }

    private string Counts()
    {
        List<string> parts = [];
        if (Failed > 0) parts.Add($"{Failed} failed");
        if (Dropped > 0) parts.Add($"{Dropped} were dropped by the client");
        return parts.Count == 0 ? $"{Outcomes.Count}" : $"{Outcomes.Count}, of which {string.Join(" and ", parts)}";
    }

    public string Markdown(string caption)
    {
        StringBuilder text = new("| | |\n|---|---|\n");
        foreach ((string name, string value) in Rows()) text.Append(CultureInfo.InvariantCulture, $"| {name} | {value} |\n");
        return text.Append('\n').Append(caption).Append('\n').ToString();
    }

    private static string Growth(double share) => share.ToString("+0.0%;-0.0%", CultureInfo.InvariantCulture);

    private static string Number(double value, string unit = "") => string.Create(CultureInfo.InvariantCulture, $"{value:F2} {unit}").TrimEnd();
}
