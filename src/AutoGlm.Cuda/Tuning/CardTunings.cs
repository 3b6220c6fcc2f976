namespace AutoGlm.Cuda.Tuning;

/// <summary>The table of tunings: a row for each card that was measured, and a rule for all others.</summary>
internal static class CardTunings
{
    /// <summary>Measured on an H100 80GB HBM3 (docs/cuda.md); an H200 has the same multiprocessors.</summary>
    public static readonly CardTuning Hopper = new()
    {
        Row = "H100/H200",
        Measured = true,
        BatchRows = 2048,
        GemvRows = 8,
        GemvRingBytes = 104 << 10,
        GemvWarps = 16,
        GemvSplits = 8,
        GemmSplits = 8,
        UnsortedPairs = 16,
        AttentionWholeKeys = 256,
        AttentionParts = 16,
        AttentionLongPart = 512,
        AttentionFewTiles = 3,
        NormThreads = 1024,
        NormThreadsOfMany = 256,
        ElementThreads = 256,
    };

    private static readonly Version HopperCapability = new(9, 0);

    /// <summary>The driver's name for what it was measured on: an H100 with slower memory is another card.</summary>
    private const string HopperName = "H100 80GB HBM3";

    /// <summary>The row for a card: its own, its architecture's, or a derived one.</summary>
    public static CardTuning For(CardAttributes card)
    {
        if (card.ComputeCapability != HopperCapability) return Derive(card);
        return Hopper with { Measured = card.Name.Contains(HopperName, StringComparison.Ordinal) };
    }

    /// <summary>
    /// A row from a card's attributes: the measured one, but no longer rings than leave a third of shared memory to activations, no
    /// larger blocks than a multiprocessor holds, and flat kernels' blocks by occupancy.
    /// </summary>
    private static CardTuning Derive(CardAttributes card) => Hopper with
    {
        Row = $"derived for compute capability {card.ComputeCapability}",
        Measured = false,
        GemvRingBytes = Math.Min(Hopper.GemvRingBytes, card.SharedBytes / 3 * 2),
        NormThreads = Math.Min(Hopper.NormThreads, card.ThreadsPerMultiprocessor / 32 * 32),
        ElementThreads = null,
    };
}
