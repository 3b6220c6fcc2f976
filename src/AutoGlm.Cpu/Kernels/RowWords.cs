using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AutoGlm.Cpu.Kernels;

/// <summary>The rows of a panel turned on their side, for packing: vector w of the result holds 32-bit word w of each row.</summary>
internal static unsafe class RowWords
{
    /// <summary>Transposes <paramref name="words"/> words of 32 rows that lie <paramref name="stride"/> bytes apart.</summary>
    /// <param name="source">The first word of the first row; need not be aligned.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="words">Words.</param>
    /// <param name="destination">[word][32 rows].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(byte* source, long stride, int words, byte* destination)
    {
        for (int row = 0; row < Panel.Rows; row += 4, source += 4 * stride, destination += 16)
        {
            int word = 0;
            for (; word + 4 <= words; word += 4) Transpose4(source + 4 * word, stride, destination + Panel.Vector * word);
            for (; word < words; word++)
            {
                for (int i = 0; i < 4; i++) ((uint*)(destination + Panel.Vector * word))[i] = Unsafe.ReadUnaligned<uint>(source + i * stride + 4 * word);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(byte* source, long stride, byte* destination)
    {
        Vector128<uint> a = Vector128.Load((uint*)source), b = Vector128.Load((uint*)(source + stride));
        Vector128<uint> c = Vector128.Load((uint*)(source + 2 * stride)), d = Vector128.Load((uint*)(source + 3 * stride));
        Vector128<uint> ac = ZipLow(a, c), bd = ZipLow(b, d);
        ZipLow(ac, bd).Store((uint*)destination);
        ZipHigh(ac, bd).Store((uint*)(destination + Panel.Vector));
        (ac, bd) = (ZipHigh(a, c), ZipHigh(b, d));
        ZipLow(ac, bd).Store((uint*)(destination + 2 * Panel.Vector));
        ZipHigh(ac, bd).Store((uint*)(destination + 3 * Panel.Vector));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> ZipLow(Vector128<uint> a, Vector128<uint> b)
    {
        if (Sse2.IsSupported) return Sse2.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipLow(a, b);
        return Vector128.Create(a[0], b[0], a[1], b[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> ZipHigh(Vector128<uint> a, Vector128<uint> b)
    {
        if (Sse2.IsSupported) return Sse2.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipHigh(a, b);
        return Vector128.Create(a[2], b[2], a[3], b[3]);
    }
}
