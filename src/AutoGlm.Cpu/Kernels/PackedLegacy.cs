using System.Runtime.CompilerServices;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Headers of the formats with one group per block: half-precision scales, then maybe minima.</summary>
internal static unsafe class HalfHeader
{
    public const int ScaleBytes = Panel.Halves, ScaleMinimumBytes = 2 * Panel.Halves;

    /// <summary>Scales alone; the minimum is <paramref name="offset"/> times the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, float offset, ref GroupScales scales) where T : unmanaged, ILanes<T>
    {
        T scale = LaneMath.LoadHalf<T>(header + 2 * lane);
        T.Store(scale, Unsafe.AsPointer(ref scales.Scale[lane]));
        if (offset != 0) T.Store(T.Multiply(scale, T.Splat(offset)), Unsafe.AsPointer(ref scales.Minimum[lane]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ScalesAndMinima<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T>
    {
        T.Store(LaneMath.LoadHalf<T>(header + 2 * lane), Unsafe.AsPointer(ref scales.Scale[lane]));
        T.Store(LaneMath.LoadHalf<T>(header + Panel.Halves + 2 * lane), Unsafe.AsPointer(ref scales.Minimum[lane]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(byte* source, byte* header, int lane) =>
        ((ushort*)header)[lane] = Unsafe.ReadUnaligned<ushort>(source);

    /// <summary>Packs two halves: a scale, then what belongs to the minimum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackBoth(byte* source, byte* header, int lane)
    {
        Pack(source, header, lane);
        Pack(source + 2, header + Panel.Halves, lane);
    }
}

internal readonly unsafe struct PackedQ4_0 : IPackedFormat<PackedQ4_0>
{
    public static TensorType Type => TensorType.Q4_0;
    public static int Groups => 1;
    public static int HeaderBytes => HalfHeader.ScaleBytes;
    public static int QuantBytes => Quants.NibbleBytes;
    public static int SourceQuants => 2;
    public static int SourceWords => 4;
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> => Quants.Nibble<T>(quants, chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        HalfHeader.Scales<T>(header, lane, -8, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => HalfHeader.Pack(source, header, lane);
}

internal readonly unsafe struct PackedQ4_1 : IPackedFormat<PackedQ4_1>
{
    public static TensorType Type => TensorType.Q4_1;
    public static int Groups => 1;
    public static int HeaderBytes => HalfHeader.ScaleMinimumBytes;
    public static int QuantBytes => Quants.NibbleBytes;
    public static int SourceQuants => 4;
    public static int SourceWords => 4;
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> => Quants.Nibble<T>(quants, chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        HalfHeader.ScalesAndMinima<T>(header, lane, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => HalfHeader.PackBoth(source, header, lane);
}

internal readonly unsafe struct PackedQ5_0 : IPackedFormat<PackedQ5_0>
{
    public static TensorType Type => TensorType.Q5_0;
    public static int Groups => 1;
    public static int HeaderBytes => HalfHeader.ScaleBytes;
    public static int QuantBytes => Quants.NibbleBytes + Quants.BitBytes;
    public static int SourceQuants => 2;
    public static int SourceWords => 5;
    public static bool Signed => false;
    public static int Sums => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> =>
        T.Or(Quants.Nibble<T>(quants, chunk), Quants.Bit<T>(quants + Quants.NibbleBytes, chunk, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        HalfHeader.Scales<T>(header, lane, -16, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => HalfHeader.Pack(source, header, lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> => T.Or(Quants.NibbleField<T>(words, 1, chunk), Quants.FifthBits<T>(words, 0, chunk));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackGroup<T>(byte* words, int group, byte* quants) where T : unmanaged, ILanes<T>
    {
        Quants.PackNibbles<T, PackedQ5_0>(words, group, quants);
        Quants.PackBits<T, PackedQ5_0>(words, group, 4, quants + Quants.NibbleBytes);
    }
}

internal readonly unsafe struct PackedQ5_1 : IPackedFormat<PackedQ5_1>
{
    public static TensorType Type => TensorType.Q5_1;
    public static int Groups => 1;
    public static int HeaderBytes => HalfHeader.ScaleMinimumBytes;
    public static int QuantBytes => PackedQ5_0.QuantBytes;
    public static int SourceQuants => 4;
    public static int SourceWords => 5;
    public static bool Signed => false;
    public static int Sums => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> => PackedQ5_0.Unpack<T>(quants, chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        HalfHeader.ScalesAndMinima<T>(header, lane, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => HalfHeader.PackBoth(source, header, lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> => PackedQ5_0.Chunk<T>(words, group, chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackGroup<T>(byte* words, int group, byte* quants) where T : unmanaged, ILanes<T> => PackedQ5_0.PackGroup<T>(words, group, quants);
}

internal readonly unsafe struct PackedQ8_0 : IPackedFormat<PackedQ8_0>
{
    public static TensorType Type => TensorType.Q8_0;
    public static int Groups => 1;
    public static int HeaderBytes => HalfHeader.ScaleBytes;
    public static int QuantBytes => Quants.ByteBytes;
    public static int SourceQuants => 2;
    public static int SourceWords => 8;
    public static bool Signed => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Unpack<T>(byte* quants, int chunk) where T : unmanaged, ILanes<T> => T.Load(quants + Panel.Vector * chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales<T>(byte* header, int lane, ref GroupScales scales) where T : unmanaged, ILanes<T> =>
        HalfHeader.Scales<T>(header, lane, 0, ref scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackHeader(byte* source, byte* header, int lane) => HalfHeader.Pack(source, header, lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Chunk<T>(byte* words, int group, int chunk) where T : unmanaged, ILanes<T> => T.Load(words + Panel.Vector * chunk);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackGroup<T>(byte* words, int group, byte* quants) where T : unmanaged, ILanes<T> =>
        Quants.PackBytes<T, PackedQ8_0>(words, group, quants);
}
