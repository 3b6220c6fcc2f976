using HdrHistogram;

namespace AutoGlm.Cli.LoadTests;

/// <summary>The distribution of one kind of times, in a high dynamic range histogram of microseconds.</summary>
internal sealed class Latency
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private readonly LongHistogram _histogram = new(Longest.Ticks / TimeSpan.TicksPerMicrosecond, 3);

    public Latency(IEnumerable<TimeSpan> times)
    {
        foreach (TimeSpan time in times) _histogram.RecordValue((long)Math.Clamp(time.TotalMicroseconds, 1, Longest.TotalMicroseconds));
    }

    /// <summary>Milliseconds that so many percent of all times do not exceed.</summary>
    public double Percentile(double percent) => _histogram.TotalCount == 0 ? 0 : _histogram.GetValueAtPercentile(percent) / 1000.0;

    public double Mean => _histogram.TotalCount == 0 ? 0 : _histogram.GetMean() / 1000;

    /// <summary>As JSON: mean, P50, P90, P99 and maximum in milliseconds.</summary>
    public object Json => new { mean = Mean, p50 = Percentile(50), p90 = Percentile(90), p99 = Percentile(99), max = Percentile(100) };
}
