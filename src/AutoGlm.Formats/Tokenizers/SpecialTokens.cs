namespace AutoGlm.Formats.Tokenizers;

/// <summary>The ids with a part to play; null where the vocabulary has none.</summary>
internal sealed record SpecialTokens
{
    public int? Bos { get; init; }

    public int? Eos { get; init; }

    public int? Unknown { get; init; }

    public int? Pad { get; init; }

    /// <summary>Ids that the file names as ends of a generation beside <see cref="Eos"/>.</summary>
    public IReadOnlyList<int> Ends { get; init; } = [];
}
