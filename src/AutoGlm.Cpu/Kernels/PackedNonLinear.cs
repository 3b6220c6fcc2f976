using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Codebooks of 16 bytes, in memory that never moves.</summary>
internal static unsafe class Codebooks
{
    /// <summary>The signed values of IQ4_NL and IQ4_XS.</summary>
    public static readonly byte* NonLinear4 = Copy([129, 152, 173, 191, 207, 221, 234, 246, 1, 13, 25, 38, 53, 69, 89, 113]);

    /// <summary>Doubled 4-bit floats (E2M1) plus 12, which makes them unsigned.</summary>
    public static readonly byte* E2M1 = Copy([12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0]);

    private static byte* Copy(ReadOnlySpan<byte> values)
    {
        byte* table = (byte*)NativeMemory.AlignedAlloc((nuint)values.Length, 64);
        values.CopyTo(new Span<byte>(table, values.Length));
        return table;
    }
}

internal readonly unsafe struct PackedIQ4_NL : IPackedFormat<PackedIQ4_NL>
{
    public static TensorType Type => TensorType.IQ4_NL;
    public static int Groups => 1;
    public static int HeaderBytes => HalfHeader.ScaleBytes;
    public static int QuantBytes => Quants.NibbleBytes;
    public static int SourceQuants => 2;
    public static int SourceWords => 4;
    public static bool Signed => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> =>
        T.Lookup(Codebooks.NonLinear4, Quants.Nibble<T>(quants, chunk));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        HalfHeader.Scales<T>(header, lane, 0, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => HalfHeader.Pack(source, header, lane);
}

/// <summary>Header: half scales, then a signed byte for each row and group.</summary>
internal readonly unsafe struct PackedIQ4_XS : IPackedFormat<PackedIQ4_XS>
{
    public static TensorType Type => TensorType.IQ4_XS;
    public static int Groups => 8;
    public static int HeaderBytes => Panel.Halves + 8 * Panel.Bytes;
    public static int QuantBytes => Quants.NibbleBytes;
    public static int SourceQuants => 8;
    public static int SourceWords => 32;
    public static bool Signed => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> => PackedIQ4_NL.Unpack<T>(quants, chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T>
    {
        T d = LaneMath.LoadHalf<T>(header + 2 * lane);
        for (int group = 0; group < Groups; group++)
        {
            T scale = T.ToSingle(T.LoadSByte(header + Panel.Halves + Panel.Bytes * group + lane));
            T.Store(T.Multiply(d, scale), Unsafe.AsPointer(ref scales.Scale[group * Panel.Rows + lane]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane)
    {
        HalfHeader.Pack(source, header, lane);
        ReadOnlySpan<byte> scales = new(source, 8);
        for (int group = 0; group < 8; group++) header[Panel.Halves + Panel.Bytes * group + lane] = (byte)IQ4_XS.Scale(scales, group);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> => Quants.NibbleField<T>(words, 4 * group, chunk);
}

/// <summary>Header: a byte of exponent for each row.</summary>
internal readonly unsafe struct PackedMXFP4 : IPackedFormat<PackedMXFP4>
{
    public static TensorType Type => TensorType.MXFP4;
    public static int Groups => 1;
    public static int HeaderBytes => Panel.Bytes;
    public static int QuantBytes => Quants.NibbleBytes;
    public static int SourceQuants => 1;
    public static int SourceWords => 4;
    public static bool Signed => false;
    public static int Sums => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> =>
        T.Lookup(Codebooks.E2M1, Quants.Nibble<T>(quants, chunk));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T>
    {
        // 2^(e - 128): the table is doubled. Below the normal numbers the value is a shifted mantissa bit.
        T e = T.And(T.LoadSByte(header + lane), T.Splat(0xFF));
        T two = T.ToSingle(T.Add32(e, T.Splat(1)));
        T subnormal = T.ShiftLeft32(T.Add32(e, T.Splat(1)), 21);
        T scale = T.Select(T.Less(two, T.Splat(2.5f)), subnormal, T.ShiftLeft32(T.Subtract32(e, T.Splat(1)), 23));
        T.Store(scale, Unsafe.AsPointer(ref scales.Scale[lane]));
        T.Store(T.Multiply(scale, T.Splat(-12f)), Unsafe.AsPointer(ref scales.Minimum[lane]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => header[lane] = source[0];
}
