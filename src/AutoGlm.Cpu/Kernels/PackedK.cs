using System.Runtime.CompilerServices;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// Header of Q4_K and Q5_K: half scales, half scales of minima, and the file's 12 bytes of 6-bit scales and minima per row
/// as three vectors of words.
/// </summary>
internal static unsafe class SixBitHeader
{
    private const int Packed = 2 * Panel.Halves;

    public const int Bytes = Packed + 3 * Panel.Vector;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T>
    {
        T d = LaneMath.LoadHalf<T>(header + 2 * lane);
        T dmin = T.Multiply(LaneMath.LoadHalf<T>(header + Panel.Halves + 2 * lane), T.Splat(-1f));
        header += Packed + 4 * lane;
        T a = T.Load(header), b = T.Load(header + Panel.Vector), c = T.Load(header + 2 * Panel.Vector);
        T six = T.Splat(0x3F3F3F3F), four = T.Splat(0x0F0F0F0F), two = T.Splat(0x03030303);
        Expand(T.And(a, six), d, 0, 1, lane, ref scales.Scale[0]);
        Expand(T.And(b, six), dmin, 0, 2, lane, ref scales.Minimum[0]);
        T highScales = T.ShiftLeft32(T.And(T.ShiftRight32(a, 6), two), 4);
        T highMinima = T.ShiftLeft32(T.And(T.ShiftRight32(b, 6), two), 4);
        Expand(T.Or(T.And(c, four), highScales), d, 4, 1, lane, ref scales.Scale[0]);
        Expand(T.Or(T.And(T.ShiftRight32(c, 4), four), highMinima), dmin, 4, 2, lane, ref scales.Minimum[0]);
    }

    /// <summary>Four bytes of each lane to the floats of four groups, which lie <paramref name="stride"/> vectors apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Expand<T>(T bytes, T scale, int group, int stride, int lane, ref float to) where T : unmanaged, ILanes<T>
    {
        T low = T.Splat(0xFF);
        float* vector = (float*)Unsafe.AsPointer(ref to) + lane + group * stride * Panel.Rows;
        int step = stride * Panel.Rows;
        T.Store(T.Multiply(T.ToSingle(T.And(bytes, low)), scale), vector);
        T.Store(T.Multiply(T.ToSingle(T.And(T.ShiftRight32(bytes, 8), low)), scale), vector + step);
        T.Store(T.Multiply(T.ToSingle(T.And(T.ShiftRight32(bytes, 16), low)), scale), vector + 2 * step);
        T.Store(T.Multiply(T.ToSingle(T.ShiftRight32(bytes, 24)), scale), vector + 3 * step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* source, byte* header, int lane)
    {
        HalfHeader.PackBoth(source, header, lane);
        for (int word = 0; word < 3; word++) ((uint*)(header + Packed + Panel.Vector * word))[lane] = Unsafe.ReadUnaligned<uint>(source + 4 + 4 * word);
    }
}

/// <summary>Header of the formats with an 8-bit scale per half group: half scales, then a signed byte for each row and half group.</summary>
internal static unsafe class ByteHeader
{
    /// <summary>Scales of halves, with one offset that all quants share: weight = d scale (quant - offset).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Halves<T>(byte* header, int lane, float offset, ref GroupScales scales) where T : unmanaged, ILanes<T>
    {
        T d = LaneMath.LoadHalf<T>(header + 2 * lane), minus = T.Multiply(d, T.Splat(-offset));
        for (int half = 0; half < 16; half++)
        {
            T scale = T.LoadSByte(header + Panel.Halves + Panel.Bytes * half + lane);
            int at = half * Panel.Rows + lane;
            T.Store(T.Or(T.And(scale, T.Splat(0xFFFF)), T.ShiftLeft32(scale, 16)), Unsafe.AsPointer(ref scales.Half[at]));
            T.Store(T.Multiply(T.ToSingle(scale), minus), Unsafe.AsPointer(ref scales.Minimum[at]));
            if (half % 2 == 0) T.Store(d, Unsafe.AsPointer(ref scales.Scale[half / 2 * Panel.Rows + lane]));
        }
    }
}

internal readonly unsafe struct PackedQ4_K : IPackedFormat<PackedQ4_K>
{
    public static TensorType Type => TensorType.Q4_K;
    public static int Groups => 8;
    public static int HeaderBytes => SixBitHeader.Bytes;
    public static int QuantBytes => Quants.NibbleBytes;
    public static int SourceQuants => 16;
    public static int SourceWords => 32;
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> => Quants.Nibble<T>(quants, chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        SixBitHeader.Scales<T>(header, lane, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => SixBitHeader.Pack(source, header, lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> => Quants.Field<T>(words, 8 * (group / 2) + chunk, 4 * (group % 2), 0xF);
}

internal readonly unsafe struct PackedQ5_K : IPackedFormat<PackedQ5_K>
{
    public static TensorType Type => TensorType.Q5_K;
    public static int Groups => 8;
    public static int HeaderBytes => SixBitHeader.Bytes;
    public static int QuantBytes => PackedQ5_0.QuantBytes;
    public static int SourceQuants => 16;
    public static int SourceWords => 40;
    public static bool Signed => false;
    public static int Sums => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> => PackedQ5_0.Unpack<T>(quants, chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        SixBitHeader.Scales<T>(header, lane, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => SixBitHeader.Pack(source, header, lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> =>
        T.Or(Quants.Field<T>(words, 8 + 8 * (group / 2) + chunk, 4 * (group % 2), 0xF), T.ShiftLeft32(Quants.Field<T>(words, chunk, group, 1), 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackGroup<T>(byte* words, int group, byte* quants) where T : unmanaged, ILanes<T>
    {
        Quants.PackNibbles<T, PackedQ5_K>(words, group, quants);
        Quants.PackBits<T, PackedQ5_K>(words, group, 4, quants + Quants.NibbleBytes);
    }
}

internal readonly unsafe struct PackedQ6_K : IPackedFormat<PackedQ6_K>
{
    public static TensorType Type => TensorType.Q6_K;
    public static int Groups => 8;
    public static int HeaderBytes => Panel.Halves + 16 * Panel.Bytes;
    public static int QuantBytes => Quants.NibbleBytes + Quants.PairBytes;
    public static int SourceQuants => 0;
    public static int SourceWords => 48;
    public static bool Signed => false;
    public static int Sums => 2;
    public static bool HasHalves => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> =>
        T.Or(Quants.Nibble<T>(quants, chunk), Quants.Pair<T>(quants + Quants.NibbleBytes, chunk, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        ByteHeader.Halves<T>(header, lane, 32, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane)
    {
        HalfHeader.Pack(source + 208, header, lane);
        for (int half = 0; half < 16; half++) header[Panel.Halves + Panel.Bytes * half + lane] = source[192 + half];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T>
    {
        int part = group % 4;
        T low = Quants.Field<T>(words, 16 * (group / 4) + 8 * (part % 2) + chunk, 4 * (part / 2), 0xF);
        return T.Or(low, T.ShiftLeft32(Quants.Field<T>(words, 32 + 8 * (group / 4) + chunk, 2 * part, 3), 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackGroup<T>(byte* words, int group, byte* quants) where T : unmanaged, ILanes<T>
    {
        Quants.PackNibbles<T, PackedQ6_K>(words, group, quants);
        Quants.PackPairs<T, PackedQ6_K>(words, group, 4, quants + Quants.NibbleBytes);
    }
}

internal readonly unsafe struct PackedQ3_K : IPackedFormat<PackedQ3_K>
{
    public static TensorType Type => TensorType.Q3_K;
    public static int Groups => 8;
    public static int HeaderBytes => Panel.Halves + 16 * Panel.Bytes;
    public static int QuantBytes => Quants.PairBytes + Quants.BitBytes;
    public static int SourceQuants => 0;
    public static int SourceWords => 24;
    public static bool Signed => false;
    public static int Sums => 4;
    public static bool HasHalves => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> =>
        T.Or(Quants.Pair<T>(quants, chunk, 0), Quants.Bit<T>(quants + Quants.PairBytes, chunk, 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        ByteHeader.Halves<T>(header, lane, 4, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane)
    {
        HalfHeader.Pack(source + 108, header, lane);
        ReadOnlySpan<byte> scales = new(source + 96, 12);
        for (int half = 0; half < 16; half++) header[Panel.Halves + Panel.Bytes * half + lane] = (byte)Q3_K.Scale(scales, half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> =>
        T.Or(Quants.Field<T>(words, 8 + 8 * (group / 4) + chunk, 2 * (group % 4), 3), T.ShiftLeft32(Quants.Field<T>(words, chunk, group, 1), 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackGroup<T>(byte* words, int group, byte* quants) where T : unmanaged, ILanes<T>
    {
        Quants.PackPairs<T, PackedQ3_K>(words, group, 0, quants);
        Quants.PackBits<T, PackedQ3_K>(words, group, 2, quants + Quants.PairBytes);
    }
}

/// <summary>Header: half scales, half scales of minima, then a byte for each row and half group: 4-bit scale, 4-bit minimum.</summary>
internal readonly unsafe struct PackedQ2_K : IPackedFormat<PackedQ2_K>
{
    public static TensorType Type => TensorType.Q2_K;
    public static int Groups => 8;
    public static int HeaderBytes => 2 * Panel.Halves + 16 * Panel.Bytes;
    public static int QuantBytes => Quants.PairBytes;
    public static int SourceQuants => 16;
    public static int SourceWords => 16;
    public static bool Signed => false;
    public static int Sums => 4;
    public static bool HasHalves => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> => Quants.Pair<T>(quants, chunk, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T>
    {
        T d = LaneMath.LoadHalf<T>(header + 2 * lane);
        T dmin = T.Multiply(LaneMath.LoadHalf<T>(header + Panel.Halves + 2 * lane), T.Splat(-1f));
        for (int half = 0; half < 16; half++)
        {
            T bytes = T.LoadSByte(header + 2 * Panel.Halves + Panel.Bytes * half + lane);
            T scale = T.And(bytes, T.Splat(0xF)), minimum = T.And(T.ShiftRight32(bytes, 4), T.Splat(0xF));
            int at = half * Panel.Rows + lane;
            T.Store(T.Or(scale, T.ShiftLeft32(scale, 16)), Unsafe.AsPointer(ref scales.Half[at]));
            T.Store(T.Multiply(T.ToSingle(minimum), dmin), Unsafe.AsPointer(ref scales.Minimum[at]));
            if (half % 2 == 0) T.Store(d, Unsafe.AsPointer(ref scales.Scale[half / 2 * Panel.Rows + lane]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane)
    {
        HalfHeader.PackBoth(source + 80, header, lane);
        for (int half = 0; half < 16; half++) header[2 * Panel.Halves + Panel.Bytes * half + lane] = source[half];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> => Quants.Field<T>(words, 8 * (group / 4) + chunk, 2 * (group % 4), 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackGroup<T>(byte* words, int group, byte* quants) where T : unmanaged, ILanes<T> =>
        Quants.PackPairs<T, PackedQ2_K>(words, group, 0, quants);
}
