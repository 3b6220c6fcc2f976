using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// Where one layer's keys and values lie in a KV block: keys [kv head][token][<see cref="KeySize"/>] from
/// <see cref="KeyOffset"/>, values [kv head][token][<see cref="ValueStride"/>], of which the first <see cref="ValueSize"/>
/// count, from <see cref="ValueOffset"/>. Values that are the first columns of the keys (latent attention) have the keys'
/// offset and stride and are never written.
/// </summary>
internal struct KvView
{
    public KvType Type;

    public int BlockTokens, KvHeads, KeySize, ValueSize, ValueStride;

    /// <summary>In bytes from the block's start.</summary>
    public long KeyOffset, ValueOffset;

    public readonly bool ValuesAreKeys => KeyOffset == ValueOffset;
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
