namespace AutoGlm.Formats.Tokenizers;

/// <summary>All that makes a tokenizer, whatever file it was read from.</summary>
internal sealed record TokenizerDefinition
{
    public required Vocabulary Vocabulary { get; init; }

    public required TokenModel Model { get; init; }

    public Normalizer? Normalizer { get; init; }

    public IReadOnlyList<PreTokenizer> PreTokenizers { get; init; } = [];

    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    public required DecoderOptions Decoder { get; init; }

    /// <summary>True where the vocabulary's pieces are bytes that files write in <see cref="ByteLevelAlphabet"/>.</summary>
    public bool ByteLevel { get; init; }

    public SpecialTokens Special { get; init; } = new();

    /// <summary>Ids that a whole text begins with.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids that a whole text ends with.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];
}
