using System.Buffers.Binary;

namespace AutoGlm.Formats.Quantization;

/// <summary>Reads the small numbers that blocks are made of.</summary>
internal static class Bits
{
    public static float Half(ReadOnlySpan<byte> block, int offset) =>
        (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    /// <summary>E8M0 scale, halved: 2^(e - 128), as the 4-bit float table is doubled to stay whole.</summary>
    public static float HalvedE8M0(byte exponent) =>
        BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x0020_0000u << exponent : (uint)(exponent - 1) << 23);

    /// <summary>Unsigned E4M3 scale, halved like <see cref="HalvedE8M0"/>; the NaN code counts as zero.</summary>
    public static float HalvedUE4M3(byte code)
    {
        if (code is 0 or 0x7F) return 0;
        int exponent = (code >> 3) & 0xF, mantissa = code & 7;
        float value = exponent == 0 ? MathF.ScaleB(mantissa, -9) : MathF.ScaleB(1 + mantissa / 8f, exponent - 7);
        return value * 0.5f;
    }

    /// <summary>Values of a 4-bit float (E2M1), doubled to be whole.</summary>
    public static ReadOnlySpan<sbyte> DoubledE2M1 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>Codebook of the 4-bit non-linear formats.</summary>
    public static ReadOnlySpan<sbyte> NonLinear4 =>
        [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
}
