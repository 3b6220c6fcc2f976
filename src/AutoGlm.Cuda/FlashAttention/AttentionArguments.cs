namespace AutoGlm.Cuda.FlashAttention;

/// <summary>AttentionTile of attention_tiles.cuh: the work of one block, but for its key head.</summary>
internal struct AttentionTile
{
    /// <summary>First row of the batch, rows, and position of the first.</summary>
    public int Row, Rows, Position;

    /// <summary>Where the sequence's block table begins.</summary>
    public int Table;

    /// <summary>The keys of this part: from a multiple of 16 to one past the last.</summary>
    public int KeyBegin, KeyEnd;

    /// <summary>Which of how many parts; the scratch slot of part 0.</summary>
    public int Part, Parts, Slot;

    /// <summary>First of the key head's query heads, and how many.</summary>
    public int Head, Heads;

    public int Padding;
}

/// <summary>What the attention kernels write.</summary>
internal enum AttentionOutput
{
    /// <summary>Rows of floats.</summary>
    Floats,

    /// <summary>An operand of halves, for the matmul that follows; the stride is its number of rows.</summary>
    Halves,

    /// <summary>The same of bfloat16.</summary>
    Brains,
}

/// <summary>AttentionArgs of attention_tiles.cuh.</summary>
internal struct AttentionArgs
{
    public nint Q, Y, Kv, Tables, Tiles, TileCount, Sinks, Partial, PartialState, Arrivals;
    public long BlockBytes, KeyOffset, KeyScaleOffset, ValueOffset, ValueScaleOffset;
    public int QStride, YStride, KvHeads, Group, KeySize, ValueSize, BlockTokens, Window;
    public AttentionOutput Output;
    public float Scale, SoftCap;
}
