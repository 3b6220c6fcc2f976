namespace AutoGlm.Cuda.Linear;

/// <summary>How a batch is sorted by experts: each expert's rows fill tiles of its own.</summary>
/// <param name="TileRows">Rows of a tile: which kernel.</param>
/// <param name="Tiles">Room for all tiles, however the rows are distributed.</param>
internal readonly record struct ExpertShape(int TileRows, int Tiles)
{
    /// <summary>Tiles grow at most so much from one kernel to the next.</summary>
    private const int Step = 4, LeastTileRows = 16, MostTileRows = 128;

    /// <summary>Tiles that experts fill about once.</summary>
    public static ExpertShape Choose(int pairs, int experts, bool hopper)
    {
        int average = pairs / experts, rows = 0;
        foreach (int candidate in GemmShape.TileRowsOf(hopper))
        {
            if (candidate > MostTileRows) break;
            rows = candidate;
            if (candidate >= average) break;
        }

        return new ExpertShape(rows, pairs / rows + Math.Min(pairs, experts));
    }

    /// <summary>Rows that sorted pairs take at most.</summary>
    public static int MostRows(int pairs, int experts) => checked((Step + 1) * pairs + LeastTileRows * experts + MostTileRows);
}
