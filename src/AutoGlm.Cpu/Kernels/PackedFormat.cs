using System.Runtime.CompilerServices;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>A packed layout known at run time: the door from a tensor type to the kernels specialised for it.</summary>
internal abstract unsafe class PackedFormat
{
    /// <summary>To be raised whenever any format packs the same rows into other bytes: files of packed weights are told apart by it.</summary>
    public const int LayoutVersion = 1;

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

    /// <summary>Writes 32 rows of the file's blocks as a panel.</summary>
    /// <param name="source">The first row; the others follow it without gaps.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="panel">The panel.</param>
    public abstract void PackPanel(byte* source, int columns, byte* panel);

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void PackPanel(byte* source, int columns, byte* panel)
    {
        byte* words = stackalloc byte[TFormat.SourceWords * Panel.Vector];
        int blocks = columns / Source.BlockLength, blockBytes = Source.BlockBytes;
        long stride = (long)blocks * blockBytes;
        for (int block = 0; block < blocks; block++, source += blockBytes, panel += BlockBytes)
        {
            for (int lane = 0; lane < Panel.Rows; lane++) TFormat.PackHeader(source + lane * stride, panel, lane);
            RowWords.Transpose(source + TFormat.SourceQuants, stride, TFormat.SourceWords, words);
            byte* quants = panel + TFormat.HeaderBytes;
            if (Lanes256.IsSupported) PackGroups<Lanes256>(words, quants);
            else if (Lanes128.IsSupported) PackGroups<Lanes128>(words, quants);
            else PackGroups<LanesScalar>(words, quants);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackGroups<T>(byte* words, byte* quants) where T : unmanaged, ILanes<T>
    {
        for (int group = 0; group < TFormat.Groups; group++, quants += TFormat.QuantBytes)
        {
            for (int lane = 0; lane < Panel.Rows; lane += T.Count) TFormat.PackGroup<T>(words + 4 * lane, group, quants + 4 * lane);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void PackPanel(byte* source, int columns, byte* panel)
    {
        // So many words at once that what is written piece by piece stays in the first cache.
        const int Words = 16;
        byte* words = stackalloc byte[Words * Panel.Vector];
        int perWord = 4 / TFormat.Bytes, step = Panel.Rows * TFormat.Bytes, column = 0;
        long stride = (long)columns * TFormat.Bytes;
        while (columns - column >= perWord)
        {
            int count = Math.Min(Words, (columns - column) / perWord);
            RowWords.Transpose(source + column * TFormat.Bytes, stride, count, TFormat.Bytes == 4 ? panel : words);
            if (TFormat.Bytes == 2) SplitPairs(words, count, panel);
            column += count * perWord;
            panel += count * perWord * step;
        }

        if (column == columns) return;
        source += column * TFormat.Bytes;
        for (int lane = 0; lane < Panel.Rows; lane++) ((ushort*)panel)[lane] = Unsafe.ReadUnaligned<ushort>(source + lane * stride);
    }

    /// <summary>Words that hold two columns each to vectors of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SplitPairs(byte* words, int count, byte* panel)
    {
        if (Lanes256.IsSupported) SplitPairs<Lanes256>(words, count, panel);
        else if (Lanes128.IsSupported) SplitPairs<Lanes128>(words, count, panel);
        else SplitPairs<LanesScalar>(words, count, panel);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SplitPairs<T>(byte* words, int count, byte* panel) where T : unmanaged, ILanes<T>
    {
        for (; count > 0; count--, words += Panel.Vector, panel += 2 * Panel.Halves)
        {
            for (int lane = 0; lane < Panel.Rows; lane += T.Count)
            {
                T pair = T.Load(words + 4 * lane);
                T.StoreInt16(pair, panel + 2 * lane);
                T.StoreInt16(T.ShiftRight32(pair, 16), panel + Panel.Halves + 2 * lane);
            }
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
