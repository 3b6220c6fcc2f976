using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.FlashAttention;

/// <summary>One of the attention kernels, with the shape of its launches; attention.cu and attention_hopper.cu say the same.</summary>
/// <param name="Name">The kernel.</param>
/// <param name="Rows">Rows of a tile: tokens times query heads.</param>
/// <param name="Threads">Threads of a block.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
/// <param name="Columns">Floats of a row of partial sums.</param>
/// <param name="LeastKeys">Fewest keys that are worth a block of their own.</param>
internal sealed record AttentionVariant(string Name, int Rows, int Threads, int SharedBytes, int Columns, int LeastKeys)
{
    private const int GroupTokens = 16, PlainRows = 8, PlainKeys = 32, PlainThreads = 128, MaxPlainValue = 1024;

    /// <summary>The kernels for a layer: one for sequences with few rows, one for those with many; they may be the same.</summary>
    /// <exception cref="NotSupportedException">No kernel fits the shape on this card.</exception>
    public static (AttentionVariant Few, AttentionVariant Many) Choose(CudaDevice device, Func<string, bool> exists, AttentionShape shape, KvType type, int blockTokens)
    {
        string element = Element(type);
        int columns = Math.Max(shape.KeySize, shape.ValueSize);
        int size = columns <= 64 ? 64 : columns <= 128 ? 128 : 256;
        bool tensorCores = type != KvType.F32 && !shape.ValueInKey && columns <= 256 && shape.KeySize % 8 == 0 && shape.ValueSize % 8 == 0 && blockTokens % GroupTokens == 0;
        (AttentionVariant few, AttentionVariant many, AttentionVariant hopper) = (Few(type, size), Many(type, size), Hopper(element, size));
        bool Fits(AttentionVariant variant) => tensorCores && exists(variant.Name) && variant.SharedBytes <= device.SharedBytesPerBlock;
        if (!Fits(few) || !Fits(many))
        {
            AttentionVariant plain = Plain(element, shape);
            if (shape.ValueSize > MaxPlainValue || plain.SharedBytes > device.SharedBytesPerBlock)
                throw new NotSupportedException($"{device.Name} cannot run attention of layer {shape.Layer}: heads of {shape.KeySize} and {shape.ValueSize} columns need {plain.SharedBytes} bytes of shared memory, a block has {device.SharedBytesPerBlock}.");
            return (plain, plain);
        }

        return (few, size <= 128 && Fits(hopper) ? hopper : many);
    }

    private static string Element(KvType type) => type switch
    {
        KvType.F32 => "f32",
        KvType.F16 => "f16",
        KvType.Q8_0 => "q8_0",
        _ => throw new NotSupportedException($"The CUDA attention kernels do not read {type} keys."),
    };

    /// <summary>Four warps, each with its own keys and the same queries.</summary>
    private static AttentionVariant Few(KvType type, int size)
    {
        (int groups, int stages) = size switch { 64 => (2, 3), 128 => (1, 3), _ => (1, 2) };
        bool queriesShared = size > 128 || type == KvType.Q8_0;
        int bytes = 4 * TeamBytes(type, size, groups, stages) + (queriesShared ? 16 * size * 4 : 0);
        return new($"attention_{Element(type)}_{size}_16", 16, 128, bytes, size, 64);
    }

    /// <summary>Four warps, each with its own queries and the same keys.</summary>
    private static AttentionVariant Many(KvType type, int size)
    {
        bool queriesShared = size > 128 || type == KvType.Q8_0;
        int bytes = TeamBytes(type, size, size > 128 ? 2 : 4, 2) + (queriesShared ? 64 * size * 2 : 0);
        return new($"attention_{Element(type)}_{size}_64", 64, 128, bytes, size, 512);
    }

    /// <summary>Stages of keys and values of groups of 16; numbers of 8 bits with their scales, and one tile of 16 bits that they are made into.</summary>
    private static int TeamBytes(KvType type, int size, int groups, int stages)
    {
        int numbers = 2 * groups * GroupTokens * size, tile = 2 * numbers;
        return type == KvType.Q8_0 ? stages * (numbers + numbers / 16) + tile : stages * tile;
    }

    private static AttentionVariant Hopper(string element, int size) => size == 64
        ? new($"attention_{element}_64_hopper", 128, 384, 128 * 64 * 2 + 3 * 128 * 64 * 4 + 1280, 64, 512)
        : new($"attention_{element}_128_hopper", 128, 384, 128 * 128 * 2 + 4 * 64 * 128 * 4 + 1280, 128, 512);

    private static AttentionVariant Plain(string element, AttentionShape shape)
    {
        int floats = PlainRows * shape.KeySize + PlainKeys * (shape.KeySize | 1) + (shape.ValueInKey ? 0 : PlainKeys * (shape.ValueSize | 1));
        return new($"attention_{element}_{(shape.ValueInKey ? "latent" : "plain")}", PlainRows, PlainThreads, floats * sizeof(float), shape.ValueSize, 64);
    }
}
