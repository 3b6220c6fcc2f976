namespace AutoGlm.Server.Protocol;

/// <summary>What answers and their pieces say of themselves.</summary>
public abstract record Envelope
{
    private protected Envelope(string kind) => Object = kind;

    public required string Id { get; init; }

    /// <summary>The shape it has.</summary>
    public string Object { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    public required string Model { get; init; }

    /// <summary>Names the model's settings and weights: equal seeds give equal answers under one fingerprint.</summary>
    public required string SystemFingerprint { get; init; }

    /// <summary>Of a stream, in the last piece alone, where stream_options.include_usage asks for it.</summary>
    public Usage? Usage { get; init; }

    /// <summary>How fast the answer was, where it is one alone; of a stream, in its last piece.</summary>
    public Timings? Timings { get; init; }
}
