using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// Where one layer's keys and values lie in a KV block: see <see cref="KvLayerLayout"/>. Of a value's <see cref="ValueStride"/>
/// columns the first <see cref="ValueSize"/> count. Values that are the first columns of the keys (latent attention) have the
/// keys' offsets and stride and are never written.
/// </summary>
internal unsafe struct KvView
{
    public KvType Type;

    public int BlockTokens, KvHeads, KeySize, ValueSize, ValueStride;

    /// <summary>In bytes from the block's start.</summary>
    public long KeyOffset, KeyScaleOffset, ValueOffset, ValueScaleOffset;

    public readonly bool ValuesAreKeys => KeyOffset == ValueOffset;

    /// <summary>The key of a head at a position of a sequence.</summary>
    public readonly KvRow Key<TElement>(in QueryRows sequence, int head, int position) where TElement : struct, IKvElement<TElement> =>
        Row<TElement>(sequence, head, position, KeySize, KeyOffset, KeyScaleOffset);

    /// <summary>The value of a head at a position of a sequence.</summary>
    public readonly KvRow Value<TElement>(in QueryRows sequence, int head, int position) where TElement : struct, IKvElement<TElement> =>
        Row<TElement>(sequence, head, position, ValueStride, ValueOffset, ValueScaleOffset);

    private readonly KvRow Row<TElement>(in QueryRows sequence, int head, int position, int columns, long offset, long scaleOffset)
        where TElement : struct, IKvElement<TElement>
    {
        (int block, int token) = Math.DivRem(position, BlockTokens);
        byte* start = sequence.Blocks[block];
        long row = (long)head * BlockTokens + token;
        return new KvRow(start + offset + row * columns * TElement.Bytes, (ushort*)(start + scaleOffset) + row * (columns / KvLayout.GroupLength));
    }
}

/// <summary>One stored key or value.</summary>
/// <param name="data">Its numbers.</param>
/// <param name="scales">The scales of its groups, where the type has such.</param>
internal readonly unsafe struct KvRow(byte* data, ushort* scales)
{
    public byte* Data => data;

    public ushort* Scales => scales;
}

/// <summary>Some query rows of one sequence and the blocks that hold its context.</summary>
internal unsafe struct QueryRows
{
    /// <summary>First row of the batch that belongs to the sequence, and how many do.</summary>
    public int Row, Rows;

    /// <summary>Position of the first of these rows: its keys and values are at that token of the sequence.</summary>
    public int Position;

    /// <summary>Start of each block, in order; enough for <see cref="Position"/> + <see cref="Rows"/> tokens.</summary>
    public byte** Blocks;
}
