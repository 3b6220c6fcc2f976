using System.Runtime.InteropServices;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Gguf;

/// <summary>A tensor as the header describes it.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">How its values are stored.</param>
/// <param name="Shape">Outermost dimension first.</param>
/// <param name="Offset">First byte, counted from the header's end rounded up to the alignment.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record GgufTensorInfo(string Name, TensorType Type, long[] Shape, long Offset, long Bytes);

/// <summary>
/// All of a GGUF file before the tensor data: magic, version, counts, metadata, tensor descriptions. Little-endian,
/// versions 2 and 3 (which differ in nothing else). Spec: ggml's docs/gguf.md.
/// </summary>
internal sealed class GgufHeader
{
    public const int DefaultAlignment = 32;
    public const string AlignmentKey = "general.alignment";
    private const int MaxDepth = 8, MaxDimensions = 4;
    private const int MinPairBytes = 13, MinTensorBytes = 24;

    private GgufHeader(uint version, GgufMetadata metadata, long alignment, IReadOnlyList<GgufTensorInfo> tensors, long dataOffset)
    {
        Version = version;
        Metadata = metadata;
        Alignment = alignment;
        Tensors = tensors;
        DataOffset = dataOffset;
    }

    public uint Version { get; }

    public GgufMetadata Metadata { get; }

    public long Alignment { get; }

    public IReadOnlyList<GgufTensorInfo> Tensors { get; }

    /// <summary>Where in the file tensor offsets count from.</summary>
    public long DataOffset { get; }

    /// <param name="file">Named in errors.</param>
    /// <param name="bytes">The file's start, header and all.</param>
    /// <exception cref="ModelFormatException">Anything else than a sound header.</exception>
    public static GgufHeader Read(string file, ReadOnlySpan<byte> bytes)
    {
        var cursor = new GgufCursor(file, bytes);
        CheckMagic(ref cursor);
        uint version = ReadVersion(ref cursor);
        cursor.Field = "tensor count";
        ulong tensorCount = cursor.Read<ulong>();
        cursor.Field = "metadata count";
        ulong pairs = cursor.Read<ulong>();
        int pairCount = cursor.Count(pairs, MinPairBytes, "pairs");

        var metadata = new GgufMetadata(file);
        for (int i = 0; i < pairCount; i++) ReadPair(ref cursor, metadata);
        long alignment = metadata.GetInt64OrDefault(AlignmentKey, DefaultAlignment);
        if (alignment is <= 0 or > 1 << 30 || (alignment & (alignment - 1)) != 0)
        {
            throw new ModelFormatException(file, AlignmentKey, $"must be a power of two, at most 2^30, but is {alignment}");
        }

        cursor.Field = "tensor count";
        var tensors = new GgufTensorInfo[cursor.Count(tensorCount, MinTensorBytes, "tensors")];
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < tensors.Length; i++)
        {
            tensors[i] = ReadTensor(ref cursor, alignment);
            if (!names.Add(tensors[i].Name)) throw cursor.Error("is there twice");
        }

        long dataOffset = (cursor.Position + alignment - 1) & -alignment;
        return new GgufHeader(version, metadata, alignment, tensors, dataOffset);
    }

    private static void CheckMagic(ref GgufCursor cursor)
    {
        cursor.Field = "magic";
        ReadOnlySpan<byte> magic = cursor.Take(4);
        if (magic.SequenceEqual("GGUF"u8)) return;
        if (magic.SequenceEqual("FUGG"u8)) throw cursor.Error(BigEndian);
        if (magic.SequenceEqual("tjgg"u8) || magic.SequenceEqual("lmgg"u8) || magic.SequenceEqual("fmgg"u8))
        {
            throw cursor.Error("is of the GGML format that came before GGUF; convert the model to GGUF");
        }

        throw cursor.Error($"is {Convert.ToHexString(magic)}, not 'GGUF': this is no GGUF file");
    }

    private const string BigEndian = "the file is big-endian; only little-endian GGUF is supported: convert it";

    private static uint ReadVersion(ref GgufCursor cursor)
    {
        cursor.Field = "version";
        uint version = cursor.Read<uint>();
        if (version is 2 or 3) return version;
        if (version is not 0 && (version & 0xFFFF) == 0) throw cursor.Error(BigEndian);
        throw cursor.Error($"{version} is not supported (2 and 3 are); convert the model again");
    }

    private static void ReadPair(ref GgufCursor cursor, GgufMetadata metadata)
    {
        cursor.Field = "metadata key";
        string key = cursor.Name();
        cursor.Field = key;
        GgufValue value = ReadValue(ref cursor, cursor.Read<GgufType>());
        if (!metadata.TryAdd(key, value)) throw cursor.Error("is there twice");
    }

    private static GgufValue ReadValue(ref GgufCursor cursor, GgufType type) => type switch
    {
        GgufType.Array => ReadArray(ref cursor, depth: 1),
        GgufType.String => GgufValue.Of(cursor.Text()),
        _ => new GgufValue(type, false, ReadItems(ref cursor, type, 1, 0)),
    };

    private static GgufValue ReadArray(ref GgufCursor cursor, int depth)
    {
        if (depth > MaxDepth) throw cursor.Error($"nests arrays more than {MaxDepth} deep");
        GgufType type = cursor.Read<GgufType>();
        int count = cursor.Count(cursor.Read<ulong>(), GgufTypes.MinBytes(type), "elements");
        return new GgufValue(type, true, ReadItems(ref cursor, type, count, depth));
    }

    private static object ReadItems(ref GgufCursor cursor, GgufType type, int count, int depth) => type switch
    {
        GgufType.UInt8 => ReadNumbers<byte>(ref cursor, count),
        GgufType.Int8 => ReadNumbers<sbyte>(ref cursor, count),
        GgufType.UInt16 => ReadNumbers<ushort>(ref cursor, count),
        GgufType.Int16 => ReadNumbers<short>(ref cursor, count),
        GgufType.UInt32 => ReadNumbers<uint>(ref cursor, count),
        GgufType.Int32 => ReadNumbers<int>(ref cursor, count),
        GgufType.UInt64 => ReadNumbers<ulong>(ref cursor, count),
        GgufType.Int64 => ReadNumbers<long>(ref cursor, count),
        GgufType.Float32 => ReadNumbers<float>(ref cursor, count),
        GgufType.Float64 => ReadNumbers<double>(ref cursor, count),
        GgufType.Bool => ReadBooleans(ref cursor, count),
        GgufType.String => ReadStrings(ref cursor, count),
        GgufType.Array => ReadArrays(ref cursor, count, depth),
        _ => throw cursor.Error($"has the unknown value type {(uint)type}"),
    };

    private static T[] ReadNumbers<T>(ref GgufCursor cursor, int count) where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = cursor.Take((ulong)count * (ulong)GgufTypes.MinBytes(GgufTypes.Of<T>()));
        T[] items = GC.AllocateUninitializedArray<T>(count);
        bytes.CopyTo(MemoryMarshal.AsBytes(items.AsSpan()));
        return items;
    }

    private static bool[] ReadBooleans(ref GgufCursor cursor, int count)
    {
        ReadOnlySpan<byte> bytes = cursor.Take((ulong)count);
        if (bytes.ContainsAnyExceptInRange((byte)0, (byte)1)) throw cursor.Error("holds a truth value that is neither 0 nor 1");
        return MemoryMarshal.Cast<byte, bool>(bytes).ToArray();
    }

    private static GgufStrings ReadStrings(ref GgufCursor cursor, int count)
    {
        GgufCursor start = cursor;
        int[] starts = new int[count + 1];
        for (int i = 0; i < count; i++)
        {
            cursor.Take(cursor.Read<ulong>());
            starts[i + 1] = cursor.Position - start.Position;
        }

        return new GgufStrings(start.Take((ulong)starts[^1]).ToArray(), starts);
    }

    private static GgufValue[] ReadArrays(ref GgufCursor cursor, int count, int depth)
    {
        var items = new GgufValue[count];
        for (int i = 0; i < count; i++) items[i] = ReadArray(ref cursor, depth + 1);
        return items;
    }

    private static GgufTensorInfo ReadTensor(ref GgufCursor cursor, long alignment)
    {
        cursor.Field = "tensor name";
        string name = cursor.Name();
        cursor.Field = $"tensor '{name}'";
        uint rank = cursor.Read<uint>();
        if (rank > MaxDimensions) throw cursor.Error($"has {rank} dimensions; at most {MaxDimensions} are allowed");
        long[] shape = new long[rank];
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong dimension = cursor.Read<ulong>();
            if (dimension is 0 or > long.MaxValue) throw cursor.Error($"has a dimension of {dimension}");
            shape[i] = (long)dimension;
        }

        uint id = cursor.Read<uint>();
        if (!BlockFormats.TryGet((TensorType)id, out BlockFormat? format))
        {
            throw cursor.Error($"is of type {GgmlTypeNames.Describe(id)}, which is not supported; supported: {BlockFormats.Names}");
        }

        ulong offset = cursor.Read<ulong>();
        if (offset > long.MaxValue || (offset & (ulong)(alignment - 1)) != 0)
        {
            throw cursor.Error($"its offset {offset} is no multiple of the alignment {alignment}");
        }

        return new GgufTensorInfo(name, format.Type, shape, (long)offset, Bytes(ref cursor, format, shape));
    }

    private static long Bytes(ref GgufCursor cursor, BlockFormat format, long[] shape)
    {
        try
        {
            long bytes = format.RowBytes(shape.Length == 0 ? 1 : shape[^1]), values = 1;
            foreach (long dimension in shape) values = checked(values * dimension);
            for (int i = 0; i < shape.Length - 1; i++) bytes = checked(bytes * shape[i]);
            return bytes;
        }
        catch (OverflowException e)
        {
            throw cursor.Error($"its dimensions {string.Join(" x ", shape)} make more than 2^63 values", e);
        }
        catch (ArgumentException)
        {
            throw cursor.Error(
                $"its rows of {(shape.Length == 0 ? 1 : shape[^1])} values are no whole number of {format.Name} blocks of "
                + $"{format.BlockLength}");
        }
    }
}
