using AutoGlm.Cuda.Tuning;

namespace AutoGlm.Cuda.Linear;

/// <summary>How a matrix-vector kernel is launched.</summary>
/// <param name="Blocks">Blocks of the grid; each takes tiles of 16 outputs in turn.</param>
/// <param name="Warps">Warps of a block.</param>
/// <param name="Splits">Warps that share a tile, each a range of its columns; a power of two.</param>
/// <param name="Stages">Units of weights in each warp's ring.</param>
/// <param name="SharedBytes">Shared memory of a block.</param>
internal readonly record struct GemvShape(int Blocks, int Warps, int Splits, int Stages, int SharedBytes)
{
    /// <summary>The most rows of activations.</summary>
    public const int MaxRows = 8;

    private const int FewestWarps = 4, MinStages = 2, MinPortableStages = 4, MaxStages = 16, ReservedBytes = 128;

    /// <summary>Tiles whose sums wait to be added, and what barriers they need, as in <c>GemvSums</c>.</summary>
    private const int SumsDepth = 4, SumsBarriers = 2 * SumsDepth * sizeof(ulong);

    /// <summary>The shape for a product; null where shared memory does not hold the activations.</summary>
    /// <param name="format">Of the weights.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="tiles">Tiles of weights.</param>
    /// <param name="rows">Rows of activations.</param>
    /// <param name="multiprocessors">Of the card.</param>
    /// <param name="sharedLimit">The most shared memory of a block.</param>
    /// <param name="hopper">True where the kernels are those for Hopper, whose copies are bulk; the others need longer rings.</param>
    /// <param name="tuning">What else is the card's.</param>
    /// <param name="mostBlocks">The most blocks of the grid; no more than multiprocessors anyway.</param>
    public static GemvShape? Choose(PackedFormat format, int columns, int tiles, int rows, int multiprocessors, int sharedLimit, bool hopper, CardTuning tuning, int mostBlocks = int.MaxValue)
    {
        mostBlocks = Math.Min(mostBlocks, multiprocessors);
        int units = format.Units(columns), least = hopper ? MinStages : MinPortableStages;
        // Many warps with short rings are faster than few with long ones, but where half as many have all tiles at once.
        foreach (int warps in (ReadOnlySpan<int>)[16, 8, FewestWarps])
        {
            if (warps > tuning.GemvWarps) continue;
            if (warps > FewestWarps && tiles <= mostBlocks * SlotsOf(format, warps / 2, units, tiles, multiprocessors, tuning)) continue;
            int slots = SlotsOf(format, warps, units, tiles, multiprocessors, tuning), splits = warps / slots;
            int perStage = warps * (format.UnitBytes + sizeof(ulong));
            int others = units * rows * (format.UnitColumns * sizeof(ushort) + format.MeanBytes)
                + warps * (SumsDepth * PackedFormat.TileRows * rows * sizeof(float) + SumsBarriers) + ReservedBytes;
            int stages = Math.Clamp(tuning.GemvRingBytes / (warps * format.UnitBytes), least, MaxStages);
            int blocks = Math.Min(mostBlocks, (tiles + slots - 1) / slots);
            // A warp's ring is no longer than what it reads.
            int reads = (units + splits - 1) / splits * ((tiles + (blocks * slots) - 1) / (blocks * slots));
            stages = Math.Min(Math.Min(stages, Math.Max(reads, least)), (sharedLimit - others) / perStage);
            if (stages >= least) return new GemvShape(blocks, warps, splits, stages, others + stages * perStage);
        }

        return null;
    }

    /// <summary>Tiles that the warps of a block have at once.</summary>
    private static int SlotsOf(PackedFormat format, int warps, int units, int tiles, int multiprocessors, CardTuning tuning) =>
        warps / SplitsOf(format, warps, units, tiles, multiprocessors, tuning);

    /// <summary>
    /// No more warps to a tile than it has units. Of quantised weights fewer than a block has are better, where that leaves no
    /// multiprocessor without a tile: fewer sums to add.
    /// </summary>
    private static int SplitsOf(PackedFormat format, int warps, int units, int tiles, int multiprocessors, CardTuning tuning)
    {
        int splits = format.MeanBytes > 0 && 10 * tiles >= 18 * multiprocessors ? Math.Min(tuning.GemvSplits, warps) : warps;
        while (splits > 1 && splits > units) splits /= 2;
        return splits;
    }
}
