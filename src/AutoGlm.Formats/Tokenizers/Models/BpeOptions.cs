namespace AutoGlm.Formats.Tokenizers;

/// <summary>What differs between byte-pair tokenizers.</summary>
internal sealed record BpeOptions
{
    /// <summary>True where pieces start out as bytes, false where as characters.</summary>
    public bool ByteLevel { get; init; }

    /// <summary>A piece that is a token is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>A piece of newlines that is a token is that token (Gemma 4).</summary>
    public bool WholeNewlines { get; init; }

    /// <summary>What the vocabulary cannot write becomes its bytes' tokens (<c>&lt;0x0A&gt;</c>).</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Token for what nothing else covers; null drops it.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Unknowns in a row become one.</summary>
    public bool FuseUnknown { get; init; }
}
