using System.Diagnostics.Metrics;
using AutoGlm.Engine;
using AutoGlm.KvCache;

namespace AutoGlm.Server.Observability;

/// <summary>
/// What a server measures, as OpenTelemetry instruments: three by the semantic conventions for generative AI, the rest read from
/// the engine when somebody asks.
/// </summary>
internal sealed class ServerMetrics
{
    public const string MeterName = "AutoGlm.Server";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    };

    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _queued;
    private readonly Counter<long> _finished;
    private readonly EngineHost _host;

    public ServerMetrics(IMeterFactory meters, EngineHost host)
    {
        _host = host;
        Meter = meters.Create(MeterName);
        _firstToken = Meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "From a request to its first token", advice: Seconds);
        _perToken = Meter.CreateHistogram("gen_ai.server.time_per_output_token", "s", "Between tokens of an answer after the first", advice: Seconds);
        _duration = Meter.CreateHistogram("gen_ai.server.request.duration", "s", "From a request to the end of its answer", advice: Seconds);
        _queued = Meter.CreateHistogram("autoglm.request.queue_time", "s", "From a request to its first step", advice: Seconds);
        _finished = Meter.CreateCounter<long>("autoglm.answers", "{answer}", "Answers that ended, by how");
        ObserveEngine();
        ObserveCache();
    }

    public Meter Meter { get; }

    public void FirstToken(TimeSpan time) => _firstToken.Record(time.TotalSeconds);

    public void Finished(GenerationStatistics statistics, FinishReason reason, TimeSpan time)
    {
        _duration.Record(time.TotalSeconds);
        _queued.Record(statistics.QueueTime.TotalSeconds);
        if (statistics.GeneratedTokens > 1) _perToken.Record(statistics.GenerationTime.TotalSeconds / (statistics.GeneratedTokens - 1));
        _finished.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString().ToLowerInvariant()));
    }

    private void ObserveEngine()
    {
        Gauge("autoglm.ready", "1 once the server is ready", _ => _host.State == ServerState.Ready ? 1 : 0);
        Gauge("autoglm.requests.running", "Answers being computed", engine => engine.Running);
        Gauge("autoglm.requests.waiting", "Requests that wait to be taken in", engine => engine.Waiting);
        Gauge("autoglm.batch.sequences", "Sequences in the last step", engine => engine.BatchSequences);
        Gauge("autoglm.batch.tokens", "Tokens in the last step", engine => engine.BatchTokens);
        Gauge("autoglm.requests.longest_wait", "Longest time a request waited before its first step, in seconds", engine => engine.LongestWait.TotalSeconds);
        Count("autoglm.steps", "Steps computed", engine => engine.Steps);
        Count("autoglm.tokens.computed", "Tokens computed in all steps", engine => engine.ComputedTokens);
        Count("autoglm.tokens.prompt", "Tokens of prompts", engine => engine.PromptTokens);
        Count("autoglm.tokens.cached", "Prompt tokens that were not computed again", engine => engine.ReusedTokens);
        Count("autoglm.tokens.generated", "Tokens generated", engine => engine.GeneratedTokens);
        Count("autoglm.requests.accepted", "Requests accepted", engine => engine.Requests);
        Count("autoglm.requests.warm_up", "Requests of the server's own warm-up, which no other count of requests, their tokens and lookups has", engine => engine.WarmUpRequests);
        Count("autoglm.requests.refused", "Requests refused since the queue was full", engine => engine.Refused);
        Count("autoglm.requests.cancelled", "Answers whose client went away", engine => engine.Cancelled);
        Count("autoglm.requests.overdue", "Answers that ran into their deadline", engine => engine.Overdue);
        Count("autoglm.requests.failed", "Answers that ended with an error", engine => engine.Failed);
        Count("autoglm.preemptions", "Times an answer gave its blocks back and waited", engine => engine.Preemptions);
        Count("autoglm.answers.shared", "Answers computed once for several requests", engine => engine.SharedAnswers);
    }

    private void ObserveCache()
    {
        Meter.CreateObservableGauge("autoglm.kv.blocks", () => Tagged("state", cache => [("used", cache.BlocksInUse), ("cached", cache.BlocksCached), ("blank", cache.BlocksBlank)]), "{block}", "KV blocks by state");
        Gauge("autoglm.kv.touched", "Bytes of KV blocks that have held content since the start: what a host has given for them", engine => (double)engine.Cache.BlocksTouched * engine.Cache.BlockBytes);
        Gauge("autoglm.kv.occupancy", "Share of KV blocks that running answers use, 0 to 1", engine => (double)engine.Cache.BlocksInUse / engine.Cache.Blocks);
        Count("autoglm.cache.lookups", "Prompts looked up in the cache", engine => engine.Cache.Lookups);
        Count("autoglm.cache.misses", "Prompts of which nothing was cached", engine => engine.Cache.Misses);
        Meter.CreateObservableCounter("autoglm.cache.hit_tokens", () => Tagged("tier", cache => cache.Tiers.Select(tier => (tier.Name, tier.HitTokens))), "{token}", "Prompt tokens found in the cache, by tier");
        Meter.CreateObservableCounter("autoglm.cache.evictions", () => Tagged("cause", cache => Enum.GetValues<EvictionCause>().Select(cause => (cause.ToString().ToLowerInvariant(), cache.Evictions.GetValueOrDefault(cause)))), "{block}", "Blocks whose content was given up, by cause");
    }

    private void Gauge(string name, string description, Func<EngineStatistics, double> value) =>
        Meter.CreateObservableGauge(name, () => Read(statistics => new Measurement<double>(value(statistics))), null, description);

    private void Count(string name, string description, Func<EngineStatistics, long> value) =>
        Meter.CreateObservableCounter(name, () => Read(statistics => new Measurement<long>(value(statistics))), null, description);

    private IEnumerable<Measurement<T>> Read<T>(Func<EngineStatistics, Measurement<T>> value)
        where T : struct => _host.Loaded is { } engine ? [value(engine.GetStatistics())] : [];

    private IEnumerable<Measurement<long>> Tagged(string tag, Func<CacheStatistics, IEnumerable<(string Word, long Count)>> values) => _host.Loaded is { } engine
        ? [.. values(engine.GetStatistics().Cache).Select(entry => new Measurement<long>(entry.Count, new KeyValuePair<string, object?>(tag, entry.Word)))]
        : [];
}
