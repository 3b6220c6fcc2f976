using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Execution;

/// <summary>How keys and values are stored.</summary>
public enum KvType
{
    F32,
    F16,
}

/// <summary>One layer's part of a KV block: K [kvHeads, blockTokens, keySize], then V [kvHeads, blockTokens, valueSize].</summary>
/// <param name="KeyOffset">Bytes from the block's start to its keys.</param>
/// <param name="ValueOffset">Bytes from the block's start to its values; the keys' where values live in their keys.</param>
public readonly record struct KvLayerLayout(int KvHeads, int KeySize, int ValueSize, bool ValueInKey, long KeyOffset, long ValueOffset);

/// <summary>The bytes of a KV block: all layers of a few tokens, one after another, so that a block moves as one span.</summary>
public sealed class KvLayout
{
    private KvLayout(KvType type, int blockTokens, KvLayerLayout[] layers, long blockBytes)
    {
        Type = type;
        BlockTokens = blockTokens;
        Layers = layers;
        BlockBytes = blockBytes;
    }

    public KvType Type { get; }

    /// <summary>Tokens a block holds.</summary>
    public int BlockTokens { get; }

    public IReadOnlyList<KvLayerLayout> Layers { get; }

    /// <summary>Bytes of a block, a multiple of 64.</summary>
    public long BlockBytes { get; }

    /// <summary>Bytes of one key or value in a type.</summary>
    public static int ElementBytes(KvType type) => type == KvType.F32 ? sizeof(float) : sizeof(ushort);

    /// <summary>The layout a graph's attentions need.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="type">Element type.</param>
    /// <param name="blockTokens">Tokens a block holds, 1 to 1024.</param>
    public static KvLayout For(ComputationGraph graph, KvType type, int blockTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockTokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockTokens, 1024);
        long offset = 0;
        long Take(int heads, int size)
        {
            long start = offset;
            offset = Align(checked(offset + (long)heads * blockTokens * size * ElementBytes(type)));
            return start;
        }

        List<KvLayerLayout> layers = [];
        foreach (AttentionShape shape in graph.Attentions.Select(attention => attention.Shape))
        {
            long keys = Take(shape.KvHeads, shape.KeySize);
            long values = shape.ValueInKey ? keys : Take(shape.KvHeads, shape.ValueSize);
            layers.Add(new KvLayerLayout(shape.KvHeads, shape.KeySize, shape.ValueSize, shape.ValueInKey, keys, values));
        }

        return new KvLayout(type, blockTokens, [.. layers], offset);
    }

    private static long Align(long offset) => (offset + 63) & ~63L;
}
