using System.Text.Json.Serialization;

namespace AutoGlm.Server.Protocol;

/// <summary>What answers and their pieces say of themselves. On the wire it stands around what they hold, as OpenAI's does.</summary>
public abstract record Envelope
{
    private protected Envelope(string kind) => Object = kind;

    [JsonPropertyOrder(-5)]
    public required string Id { get; init; }

    /// <summary>The shape it has.</summary>
    [JsonPropertyOrder(-4)]
    public string Object { get; init; }

    /// <summary>Seconds since 1970.</summary>
    [JsonPropertyOrder(-3)]
    public required long Created { get; init; }

    [JsonPropertyOrder(-2)]
    public required string Model { get; init; }

    /// <summary>Names the model's settings and weights: equal seeds give equal answers under one fingerprint.</summary>
    [JsonPropertyOrder(-1)]
    public required string SystemFingerprint { get; init; }

    /// <summary>Of a stream, in the last piece alone, where stream_options.include_usage asks for it.</summary>
    [JsonPropertyOrder(1)]
    public Usage? Usage { get; init; }

    /// <summary>How fast the answer was, where it is one alone; of a stream, in its last piece.</summary>
    [JsonPropertyOrder(2)]
    public Timings? Timings { get; init; }
}
