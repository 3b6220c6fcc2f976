using System.Runtime.CompilerServices;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>A packed layout known at run time: the door from a tensor type to the kernels specialised for it.</summary>
internal abstract unsafe class PackedFormat
{
    private static readonly Dictionary<TensorType, PackedFormat> ByType = new PackedFormat[]
    {
        new FloatPackedFormat<PackedF32>(), new FloatPackedFormat<PackedF16>(), new FloatPackedFormat<PackedBF16>(),
        new IntegerPackedFormat<PackedQ4_0>(), new IntegerPackedFormat<PackedQ4_1>(), new IntegerPackedFormat<PackedQ5_0>(),
        new IntegerPackedFormat<PackedQ5_1>(), new IntegerPackedFormat<PackedQ8_0>(), new IntegerPackedFormat<PackedQ2_K>(),
        new IntegerPackedFormat<PackedQ3_K>(), new IntegerPackedFormat<PackedQ4_K>(), new IntegerPackedFormat<PackedQ5_K>(),
        new IntegerPackedFormat<PackedQ6_K>(), new IntegerPackedFormat<PackedIQ4_NL>(), new IntegerPackedFormat<PackedIQ4_XS>(),
        new IntegerPackedFormat<PackedMXFP4>(),
    }.ToDictionary(format => format.Type);

    private protected PackedFormat(TensorType type)
    {
        Type = type;
        Source = BlockFormats.Get(type);
    }

    /// <summary>Tensor types that have a packed form.</summary>
    public static IEnumerable<TensorType> Types => ByType.Keys;

    public TensorType Type { get; }

    /// <summary>The file's blocks.</summary>
    public BlockFormat Source { get; }

    /// <summary>True where the kernels read <see cref="Activations.Values"/>; false where they read the quantised form.</summary>
    public abstract bool IsFloat { get; }

    /// <exception cref="NotSupportedException">The CPU backend has no kernels for the type.</exception>
    public static PackedFormat Get(TensorType type) => ByType.TryGetValue(type, out PackedFormat? format)
        ? format
        : throw new NotSupportedException($"no CPU kernels for {type}; there are for {string.Join(' ', ByType.Keys)}");

    /// <summary>Bytes of a panel.</summary>
    public abstract long PanelBytes(int columns);

    /// <summary>Writes a row of the file's blocks as the given lane of a panel.</summary>
    public abstract void PackRow(byte* source, int columns, byte* panel, int lane);

    /// <summary>Reads a lane of a panel back to floats.</summary>
    public abstract void DecodeRow(byte* panel, int columns, int lane, float* values);

    /// <summary>Adds to sums ([row][32]) the products of a panel and <paramref name="count"/> activation rows.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="x">The activations.</param>
    /// <param name="row">The first row of them.</param>
    /// <param name="count">Rows.</param>
    /// <param name="sums">The sums.</param>
    /// <param name="dots">Dot products of bytes may be used: <see cref="Lanes256.Dot"/>.</param>
    public abstract void Multiply<T>(byte* panel, in Activations x, int row, int count, float* sums, bool dots) where T : unmanaged, ILanes<T>;
}

internal sealed unsafe class IntegerPackedFormat<TFormat>() : PackedFormat(TFormat.Type)
    where TFormat : struct, IPackedFormat<TFormat>
{
    private static int BlockBytes => TFormat.HeaderBytes + TFormat.Groups * TFormat.QuantBytes;

    public override bool IsFloat => false;

    public override long PanelBytes(int columns) => (long)(columns / Source.BlockLength) * BlockBytes;

    public override void PackRow(byte* source, int columns, byte* panel, int lane)
    {
        for (int block = columns / Source.BlockLength; block > 0; block--, source += Source.BlockBytes, panel += BlockBytes)
        {
            TFormat.Pack(source, panel, lane);
        }
    }

    public override void DecodeRow(byte* panel, int columns, int lane, float* values)
    {
        GroupScales scales;
        for (int block = columns / Source.BlockLength; block > 0; block--, panel += BlockBytes)
        {
            TFormat.Scales<LanesScalar>(panel, lane, ref Unsafe.AsRef<GroupScales>(&scales));
            byte* quants = panel + TFormat.HeaderBytes + 4 * lane;
            for (int group = 0; group < TFormat.Groups; group++, quants += TFormat.QuantBytes, values += Activations.GroupLength)
            {
                DecodeGroup(quants, &scales, group, lane, values);
            }
        }
    }

    public override void Multiply<T>(byte* panel, in Activations x, int row, int count, float* sums, bool dots)
    {
        // 32 registers hold the eight chunks of a group twice, but not when they are widened.
        bool wide = typeof(T) == typeof(Lanes512);
        if (dots && !TFormat.HasHalves && (TFormat.Signed || !wide)) Multiply<Lanes256, DotProducts<Lanes256, TFormat>>(panel, x, row, count, sums);
        else if (TFormat.Signed) Multiply<T, SignedProducts<T, TFormat>>(panel, x, row, count, sums);
        else if (wide) Multiply<Lanes1024, UnsignedProducts<Lanes1024, TFormat>>(panel, x, row, count, sums);
        else Multiply<T, UnsignedProducts<T, TFormat>>(panel, x, row, count, sums);
    }

    private static void Multiply<T, TProducts>(byte* panel, in Activations x, int row, int count, float* sums)
        where T : unmanaged, ILanes<T>
        where TProducts : struct, IGroupProducts<T, TFormat> => IntegerTile<T, TFormat, TProducts>.Run(panel, x, row, count, sums);

    private static void DecodeGroup(byte* quants, GroupScales* scales, int group, int lane, float* values)
    {
        float scale = scales->Scale[group * Panel.Rows + lane];
        for (int chunk = 0; chunk < 8; chunk++)
        {
            uint word = TFormat.Unpack<LanesScalar>(quants, chunk).Bits;
            int at = (group * 2 + (TFormat.HasHalves ? chunk / 4 : 0)) * Panel.Rows + lane;
            int half = TFormat.HasHalves ? (short)scales->Half[at] : 1;
            float minimum = TFormat.HasMinima ? scales->Minimum[at] : 0;
            for (int i = 0; i < 4; i++, word >>= 8)
            {
                int quant = TFormat.Signed ? (sbyte)word : (byte)word;
                values[4 * chunk + i] = quant * half * scale + minimum;
            }
        }
    }
}

internal sealed unsafe class FloatPackedFormat<TFormat>() : PackedFormat(TFormat.Type)
    where TFormat : struct, IFloatFormat<TFormat>
{
    public override bool IsFloat => true;

    public override long PanelBytes(int columns) => (long)columns * Panel.Rows * TFormat.Bytes;

    public override void PackRow(byte* source, int columns, byte* panel, int lane)
    {
        panel += lane * TFormat.Bytes;
        for (int column = 0; column < columns; column++, source += TFormat.Bytes, panel += Panel.Rows * TFormat.Bytes)
        {
            if (TFormat.Bytes == 4) *(uint*)panel = Unsafe.ReadUnaligned<uint>(source);
            else *(ushort*)panel = Unsafe.ReadUnaligned<ushort>(source);
        }
    }

    public override void DecodeRow(byte* panel, int columns, int lane, float* values)
    {
        panel += lane * TFormat.Bytes;
        for (int column = 0; column < columns; column++, panel += Panel.Rows * TFormat.Bytes)
        {
            LanesScalar.Store(TFormat.Load<LanesScalar>(panel), values + column);
        }
    }

    public override void Multiply<T>(byte* panel, in Activations x, int row, int count, float* sums, bool dots)
    {
        if (typeof(T) == typeof(Lanes512)) FloatTile<Lanes1024, TFormat>.Run(panel, x, row, count, sums);
        else FloatTile<T, TFormat>.Run(panel, x, row, count, sums);
    }
}
