using System.Text.Json;
using AutoGlm.Engine;
using AutoGlm.Engine.Sampling;
using AutoGlm.KvCache;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>What requests for chat, completions and responses have in common. Fields that are left out follow the model's file.</summary>
public abstract record GenerationFields
{
    /// <summary>Most answers to one prompt.</summary>
    public const int MaxAnswers = 128;

    private const int MaxStops = 16;
    private const int MaxStopCharacters = 4096;

    private protected GenerationFields(JsonFields fields)
    {
        Model = fields.String("model");
        Stream = fields.Boolean("stream") ?? false;
        Temperature = fields.Number("temperature", 0, 100);
        TopP = fields.Number("top_p", 0, 1);
        TopK = fields.Integer("top_k", -1, int.MaxValue) is { } topK ? Math.Max(0, topK) : null;
        MinP = fields.Number("min_p", 0, 1);
        TypicalP = fields.Number("typical_p", 0, 1);
        RepeatPenalty = fields.Number("repeat_penalty", 0.01f, 100) ?? fields.Number("repetition_penalty", 0.01f, 100);
        RepeatLastN = fields.Integer("repeat_last_n", -1, int.MaxValue);
        FrequencyPenalty = fields.Number("frequency_penalty", -100, 100);
        PresencePenalty = fields.Number("presence_penalty", -100, 100);
        Seed = fields.Long("seed") is { } seed and not -1 ? seed : null;
        LogitBias = LogitBiases.Read(fields);
        Stop = ReadStop(fields);
        IgnoreEos = fields.Boolean("ignore_eos") ?? false;
        Priority = fields.Integer("priority", GenerationRequest.LeastPriority, GenerationRequest.MostPriority) ?? 0;
        TimeoutMs = fields.Integer("timeout_ms", 1, 86_400_000);
        Cache = fields.Object("cache") is { } cache ? new CacheFields(cache) : null;
        // What OpenAI's clients may send, and what changes nothing here.
        foreach (string known in (string[])["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "cache_prompt"]) fields.Find(known);
    }

    /// <summary>The model's id. One model is loaded: it answers under any name, unless the server is strict.</summary>
    public string? Model { get; }

    /// <summary>True for server-sent events as the answer comes.</summary>
    public bool Stream { get; }

    /// <summary>0 always takes the likeliest token; 0 to 100.</summary>
    public float? Temperature { get; }

    /// <summary>Choose among the fewest tokens that hold this probability together; 0 to 1.</summary>
    public float? TopP { get; }

    /// <summary>Choose among the k likeliest tokens; 0 or -1 for all.</summary>
    public int? TopK { get; }

    /// <summary>Leave out tokens less likely than this fraction of the likeliest; 0 to 1.</summary>
    public float? MinP { get; }

    /// <summary>Choose among the most typical tokens that hold this probability together; 0 to 1.</summary>
    public float? TypicalP { get; }

    /// <summary>Makes tokens of the text so far less likely by this factor; also repetition_penalty.</summary>
    public float? RepeatPenalty { get; }

    /// <summary>The last tokens that the penalties look at; -1 for all.</summary>
    public int? RepeatLastN { get; }

    /// <summary>Taken off a token's logit for each time it is in the text so far; -100 to 100.</summary>
    public float? FrequencyPenalty { get; }

    /// <summary>Taken off a token's logit if it is in the text so far; -100 to 100.</summary>
    public float? PresencePenalty { get; }

    /// <summary>Same seed, same answer; null or -1 for another each time.</summary>
    public long? Seed { get; }

    /// <summary>Added to logits, by token id; -100 to 100 each.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; }

    /// <summary>Texts that end the answer: a string or up to 16 of them.</summary>
    public IReadOnlyList<string> Stop { get; }

    /// <summary>True to go on past the tokens that end an answer.</summary>
    public bool IgnoreEos { get; }

    /// <summary>Higher goes first; -10 to 10.</summary>
    public int Priority { get; }

    /// <summary>The answer must end within so many milliseconds; what there is by then is the answer.</summary>
    public int? TimeoutMs { get; }

    /// <summary>How the request's part of the KV cache is kept.</summary>
    public CacheFields? Cache { get; }

    /// <summary>How tokens are chosen.</summary>
    /// <param name="engine">Whose defaults count where a field is left out.</param>
    /// <exception cref="ApiException">A token that is to be biased is none of the model's.</exception>
    internal SamplingOptions ToSampling(InferenceEngine engine)
    {
        SamplingOptions defaults = engine.DefaultSampling;
        LogitBiases.Check(LogitBias, engine.Model.Vocabulary);
        return defaults with
        {
            Temperature = Temperature ?? defaults.Temperature,
            TopP = TopP ?? defaults.TopP,
            TopK = TopK ?? defaults.TopK,
            MinP = MinP ?? defaults.MinP,
            TypicalP = TypicalP ?? defaults.TypicalP,
            RepetitionPenalty = RepeatPenalty ?? defaults.RepetitionPenalty,
            PenaltyWindow = RepeatLastN ?? defaults.PenaltyWindow,
            FrequencyPenalty = FrequencyPenalty ?? defaults.FrequencyPenalty,
            PresencePenalty = PresencePenalty ?? defaults.PresencePenalty,
            LogitBias = LogitBias ?? defaults.LogitBias,
            Seed = Seed is { } seed ? unchecked((ulong)seed) : defaults.Seed,
        };
    }

    /// <summary>Most tokens of an answer, by the first of some fields that is there: -1 for as many as the context leaves; null where none is.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="least">The least that is taken, but for -1.</param>
    /// <param name="names">The fields.</param>
    private protected static int? ReadMost(JsonFields fields, int least, params IEnumerable<string> names)
    {
        int? most = null;
        foreach (string name in names)
        {
            int? value = fields.Integer(name, -1, int.MaxValue);
            if (value > -1 && value < least) throw fields.Invalid(name, $"is {value}; it should be {least} at least, or -1 for as many as the context leaves.", "out_of_range");
            most ??= value;
        }

        return most;
    }

    private static IReadOnlyList<string> ReadStop(JsonFields fields)
    {
        IReadOnlyList<string> stops = fields.Strings("stop", MaxStops);
        if (stops.Any(stop => stop.Length == 0)) throw fields.Invalid("stop", "holds an empty text, which would end every answer at once.");
        if (stops.Sum(stop => stop.Length) > MaxStopCharacters) throw fields.Invalid("stop", $"has over {MaxStopCharacters:N0} characters in all, which is as many as are taken.", "string_too_long");
        return stops;
    }
}

/// <summary>How a request's part of the KV cache is kept.</summary>
public sealed record CacheFields
{
    internal CacheFields(JsonFields fields)
    {
        Ttl = fields.Number("ttl", 0.001f, 31_536_000);
        Priority = fields.Integer("priority", CacheRetention.LeastPriority, CacheRetention.MostPriority) ?? 0;
    }

    /// <summary>Seconds after its last use.</summary>
    public float? Ttl { get; }

    /// <summary>Lower goes first; -10 to 10.</summary>
    public int Priority { get; }

    internal CacheRetention ToRetention() => new() { Ttl = Ttl is { } seconds ? TimeSpan.FromSeconds(seconds) : null, Priority = Priority };
}
