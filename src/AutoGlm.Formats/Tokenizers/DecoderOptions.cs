namespace AutoGlm.Formats.Tokenizers;

/// <summary>How tokens become text again.</summary>
internal sealed record DecoderOptions
{
    /// <summary>Pieces are bytes already (byte-level vocabularies).</summary>
    public bool ByteLevel { get; init; }

    /// <summary><c>&lt;0x0A&gt;</c> stands for a byte.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Text in tokens that stands for other text: the visible space for a space.</summary>
    public IReadOnlyList<(string From, string To)> Replacements { get; init; } = [];

    /// <summary>Added tokens are text as they are, whatever is said below.</summary>
    public bool AddedVerbatim { get; init; }

    /// <summary>So many spaces at the very beginning of the text are the tokenizer's own and go.</summary>
    public int StripLeadingSpaces { get; init; }

    /// <summary>Tokens are words with spaces between, but for those that start with this (WordPiece); null: tokens are text as they are.</summary>
    public string? ContinuationPrefix { get; init; }

    /// <summary>Spaces before punctuation and English contractions go (WordPiece's clean-up).</summary>
    public bool CleanUp { get; init; }
}
