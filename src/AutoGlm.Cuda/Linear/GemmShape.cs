using AutoGlm.Cuda.Tuning;

namespace AutoGlm.Cuda.Linear;

/// <summary>How a matrix product for many rows is launched.</summary>
/// <param name="TileRows">Rows of activations in a block's tile: which kernel.</param>
/// <param name="Splits">Blocks that share a tile, each a range of the columns.</param>
/// <param name="Blocks">Blocks of the grid.</param>
/// <param name="SharedBytes">Shared memory of a block.</param>
/// <param name="Threads">Threads of a block.</param>
internal readonly record struct GemmShape(int TileRows, int Splits, int Blocks, int SharedBytes, int Threads)
{
    /// <summary>Outputs of a block's tile.</summary>
    public const int TileOutputs = 128;

    /// <summary>Tiles whose sums may lie in the workspace at a time, as many as there may be blocks where tiles are shared.</summary>
    public const int MaxSharedBlocks = 512;

    /// <summary>The most floats that blocks leave in the workspace.</summary>
    public const long MaxPartialFloats = (long)MaxSharedBlocks * TileOutputs * 128;

    private const int OutputTiles = TileOutputs / PackedFormat.TileRows;

    // Kernels' launch bounds: on Hopper a group of four warps brings what two multiply, else eight warps do both.
    private const int HopperThreads = 384, PortableThreads = 256;

    // Rows of a tile, stages of the rings of weights and of activations: as in Kernels/linear.cuh.
    private static readonly (int Rows, int Weights, int Activations)[] Hopper = [(16, 5, 8), (32, 5, 8), (64, 4, 8), (128, 4, 6), (256, 3, 4)];
    private static readonly (int Rows, int Weights, int Activations)[] Portable = [(16, 2, 3), (64, 2, 3)];

    /// <summary>Rows of the tiles there are kernels for.</summary>
    public static IEnumerable<int> TileRowsOf(bool hopper) => (hopper ? Hopper : Portable).Select(kernel => kernel.Rows);

    /// <summary>The shape for a product.</summary>
    /// <param name="format">Of the weights.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="tiles">Tiles of weights.</param>
    /// <param name="rows">Rows of activations.</param>
    /// <param name="multiprocessors">Of the card.</param>
    /// <param name="hopper">True where the kernels are those for Hopper.</param>
    /// <param name="tuning">What else is the card's.</param>
    public static GemmShape Choose(PackedFormat format, int columns, int tiles, int rows, int multiprocessors, bool hopper, CardTuning tuning)
    {
        (int Rows, int Weights, int Activations)[] kernels = hopper ? Hopper : Portable;
        (int Rows, int Weights, int Activations) kernel = kernels[^1];
        foreach (var candidate in kernels)
        {
            if (candidate.Rows < rows) continue;
            kernel = candidate;
            break;
        }

        int units = format.Units(columns);
        int wide = (tiles + OutputTiles - 1) / OutputTiles, blocks = checked(wide * ((rows + kernel.Rows - 1) / kernel.Rows));
        // Large tiles fill the card by themselves; the sums of shared ones pass through memory.
        if (hopper && kernel.Rows == 256 && blocks < multiprocessors)
        {
            kernel = kernels[^2];
            blocks = wide * ((rows + kernel.Rows - 1) / kernel.Rows);
        }

        int splits = kernel.Rows > 128 ? 1 : Math.Clamp(multiprocessors / blocks, 1, Math.Min(tuning.GemmSplits, units));
        return Of(format, kernel, splits, blocks * splits, hopper);
    }

    /// <summary>The shape for tiles of so many rows, none shared.</summary>
    public static GemmShape Of(PackedFormat format, int tiles, int rowTiles, int tileRows, bool hopper) =>
        Of(format, (hopper ? Hopper : Portable).Single(kernel => kernel.Rows == tileRows), 1, (tiles + OutputTiles - 1) / OutputTiles * rowTiles, hopper);

    private static GemmShape Of(PackedFormat format, (int Rows, int Weights, int Activations) kernel, int splits, int blocks, bool hopper)
    {
        int shared = (hopper ? 2048 : 16) + kernel.Activations * kernel.Rows * 128 + kernel.Weights * OutputTiles * format.UnitBytes;
        return new GemmShape(kernel.Rows, splits, blocks, shared, hopper ? HopperThreads : PortableThreads);
    }
}
