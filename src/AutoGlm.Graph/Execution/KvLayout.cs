using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Execution;

/// <summary>
/// One layer's part of a KV block: K [kvHeads, blockTokens, keySize], then V [kvHeads, blockTokens, valueSize], row-major, each
/// from a multiple of 64 bytes on.
/// </summary>
/// <remarks>
/// <see cref="KvType.F32"/> and <see cref="KvType.F16"/> are the numbers themselves. <see cref="KvType.Q8_0"/> is in arrays
/// apart, so that both kinds can be read in whole vectors: the bytes of K [kvHeads, blockTokens, keySize], then K's scales
/// [kvHeads, blockTokens, keySize / 32] as binary16; then the same of V. Number i of a row is byte i times scale i / 32. A scale
/// is a finite number, not negative: the largest magnitude of its group over 127, rounded to binary16.
/// </remarks>
/// <param name="KeyOffset">Bytes from the block's start to its keys.</param>
/// <param name="KeyScaleOffset">Bytes from the block's start to the keys' scales; <paramref name="KeyOffset"/> where the type has none.</param>
/// <param name="ValueOffset">Bytes from the block's start to its values; the keys' where values live in their keys.</param>
/// <param name="ValueScaleOffset">Bytes from the block's start to the values' scales, likewise.</param>
public readonly record struct KvLayerLayout(
    int KvHeads, int KeySize, int ValueSize, bool ValueInKey, long KeyOffset, long KeyScaleOffset, long ValueOffset, long ValueScaleOffset)
{
    /// <summary>Columns from a token's value to the next one's: a key's where values live in their keys.</summary>
    public int ValueStride => ValueInKey ? KeySize : ValueSize;
}

/// <summary>The bytes of a KV block: all layers of a few tokens, one after another, so that a block moves as one span.</summary>
public sealed class KvLayout
{
    /// <summary>Numbers that share a scale in <see cref="KvType.Q8_0"/>.</summary>
    public const int GroupLength = 32;

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

    /// <summary>Bytes of one number in a type, its scale aside.</summary>
    public static int ElementBytes(KvType type) => type switch
    {
        KvType.F32 => sizeof(float),
        KvType.F16 => sizeof(ushort),
        KvType.Q8_0 => sizeof(sbyte),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such KV type."),
    };

    /// <summary>The layout a graph's attentions need.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="type">Element type.</param>
    /// <param name="blockTokens">Tokens a block holds, 1 to 1024.</param>
    /// <exception cref="ArgumentException">The type is in groups, and a head's size is no multiple of them.</exception>
    public static KvLayout For(ComputationGraph graph, KvType type, int blockTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockTokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockTokens, 1024);
        Placing placing = new(type, blockTokens);
        KvLayerLayout[] layers = [.. graph.Attentions.Select(attention => placing.Add(attention.Shape))];
        return new KvLayout(type, blockTokens, layers, placing.End);
    }

    /// <summary>The layout of some of the layers alone: of a block's bytes, those of these layers.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many, at least 1.</param>
    public KvLayout Part(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        long start = Layers[first].KeyOffset, end = first + count < Layers.Count ? Layers[first + count].KeyOffset : BlockBytes;
        KvLayerLayout Moved(KvLayerLayout layer) => layer with
        {
            KeyOffset = layer.KeyOffset - start,
            KeyScaleOffset = layer.KeyScaleOffset - start,
            ValueOffset = layer.ValueOffset - start,
            ValueScaleOffset = layer.ValueScaleOffset - start,
        };
        return new KvLayout(Type, BlockTokens, [.. Layers.Skip(first).Take(count).Select(Moved)], end - start);
    }

    /// <summary>Puts layers one after another.</summary>
    private sealed class Placing(KvType type, int blockTokens)
    {
        private const int Alignment = 64;

        public long End { get; private set; }

        public KvLayerLayout Add(AttentionShape shape)
        {
            (long keys, long keyScales) = Take(shape.Layer, shape.KvHeads, shape.KeySize);
            (long values, long valueScales) = shape.ValueInKey ? (keys, keyScales) : Take(shape.Layer, shape.KvHeads, shape.ValueSize);
            return new KvLayerLayout(shape.KvHeads, shape.KeySize, shape.ValueSize, shape.ValueInKey, keys, keyScales, values, valueScales);
        }

        private (long Numbers, long Scales) Take(int layer, int heads, int size)
        {
            long rows = (long)heads * blockTokens;
            long numbers = Take(checked(rows * size * ElementBytes(type)));
            if (type != KvType.Q8_0) return (numbers, numbers);
            if (size % GroupLength == 0) return (numbers, Take(rows * (size / GroupLength) * sizeof(ushort)));
            throw new ArgumentException(
                $"{type} stores keys and values in groups of {GroupLength}, but layer {layer} has heads of {size} columns; take F16 for this model.", nameof(type));
        }

        private long Take(long bytes)
        {
            long start = End;
            End = checked(End + bytes + Alignment - 1) & ~(Alignment - 1L);
            return start;
        }
    }
}
