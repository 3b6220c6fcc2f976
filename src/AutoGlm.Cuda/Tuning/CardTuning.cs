namespace AutoGlm.Cuda.Tuning;

/// <summary>
/// What is a card's own in the shapes of launches: numbers that only measuring tells, as the speed of its memory and its multiprocessors
/// meet in them. Every value in a field's range gives right results; <see cref="CardTuningFields"/> has the ranges. What a
/// format or a kernel's text fixes (units, tiles, stages, launch bounds) stays where that is launched.
/// </summary>
internal sealed record CardTuning
{
    /// <summary>Which row of the table this is, in a user's words.</summary>
    public required string Row { get; init; }

    /// <summary>True where these numbers were measured on such a card.</summary>
    public bool Measured { get; init; }

    /// <summary>The file that some of the numbers are from; null for none.</summary>
    public string? File { get; init; }

    /// <summary>Rows of a step where nobody says how many: enough that large products are bound by the tensor cores.</summary>
    public required int BatchRows { get; init; }

    /// <summary>Rows up to which a product is one of few rows, where shared memory holds them: 1 to 8.</summary>
    public required int GemvRows { get; init; }

    /// <summary>Bytes of weights on their way to a multiprocessor in products of few rows: what covers the latency of the card's memory. Shared memory bounds it too, and each warp has its fewest stages anyway.</summary>
    public required int GemvRingBytes { get; init; }

    /// <summary>The most warps of a block in products of few rows: 4, 8 or 16.</summary>
    public required int GemvWarps { get; init; }

    /// <summary>The most warps that share a tile of quantised weights, where no multiprocessor is left without one: 1, 2, 4, 8 or 16. More cover latency, fewer have fewer sums to add.</summary>
    public required int GemvSplits { get; init; }

    /// <summary>The most blocks that share a tile in products of many rows, where tiles are fewer than multiprocessors; their sums pass through memory.</summary>
    public required int GemmSplits { get; init; }

    /// <summary>Up to so many pairs of row and expert, each pair reads its expert's weights for itself; more are sorted by experts first.</summary>
    public required int UnsortedPairs { get; init; }

    /// <summary>Up to so many keys, an attention tile is one block's: adding up parts costs a few microseconds.</summary>
    public required int AttentionWholeKeys { get; init; }

    /// <summary>The most parts of an attention tile, while those have fewer keys than <see cref="AttentionLongPart"/>.</summary>
    public required int AttentionParts { get; init; }

    /// <summary>Keys of a part that is long enough to make more than <see cref="AttentionParts"/> of a tile.</summary>
    public required int AttentionLongPart { get; init; }

    /// <summary>A sequence goes to attention's kernel for many rows where its rows fill more than so many tiles of the one for few.</summary>
    public required int AttentionFewTiles { get; init; }

    /// <summary>The most threads of a block that norms a row, where rows are fewer than two to a multiprocessor. A multiple of 32.</summary>
    public required int NormThreads { get; init; }

    /// <summary>The same where rows are more, and blocks should fit together. A multiple of 32.</summary>
    public required int NormThreadsOfMany { get; init; }

    /// <summary>Threads of a block in flat kernels, which have one thread for each few elements whatever the block's size: a multiple of 32, or null for what the driver says fills a multiprocessor.</summary>
    public required int? ElementThreads { get; init; }

    /// <summary>Which row is in use, and whether it was measured.</summary>
    public override string ToString() =>
        $"{Row} ({(Measured ? "measured" : "not measured on this card")}{(File is null ? "" : $"; some fields are from {File}")})";
}
