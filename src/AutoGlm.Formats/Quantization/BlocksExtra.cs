using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>
/// 256 ternary values (-1, 0, 1 times a half scale d): 48 bytes of five base-3 digits each, 4 bytes of four, then d. A
/// byte is the digits' fraction of 3^5 scaled to 256, so multiplying by a power of three brings a digit to the top.
/// </summary>
public readonly struct TQ1_0 : IBlockFormat<TQ1_0>
{
    public static TensorType Type => TensorType.TQ1_0;
    public static string Name => "TQ1_0";
    public static int BlockLength => 256;
    public static int BlockBytes => 54;
    public static ReadOnlySpan<byte> HalfOffsets => [52];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 52);
        int at = Digits(block[..32], 5, d, values);
        at += Digits(block.Slice(32, 16), 5, d, values[at..]);
        Digits(block.Slice(48, 4), 4, d, values[at..]);
    }

    private static int Digits(ReadOnlySpan<byte> bytes, int count, float d, Span<float> values)
    {
        int at = 0;
        for (int digit = 0, power = 1; digit < count; digit++, power *= 3)
        {
            foreach (byte b in bytes) values[at++] = (((byte)(b * power) * 3 >> 8) - 1) * d;
        }

        return at;
    }
}

/// <summary>256 ternary values (-1, 0, 1 times a half scale d): 64 bytes of bit pairs, 32 bytes for each half of 128, then d.</summary>
public readonly struct TQ2_0 : IBlockFormat<TQ2_0>
{
    public static TensorType Type => TensorType.TQ2_0;
    public static string Name => "TQ2_0";
    public static int BlockLength => 256;
    public static int BlockBytes => 66;
    public static ReadOnlySpan<byte> HalfOffsets => [64];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 64);
        for (int i = 0; i < 256; i++)
        {
            int q = block[32 * (i / 128) + i % 32] >> (2 * (i / 32 % 4)) & 3;
            values[i] = (q - 1) * d;
        }
    }
}

/// <summary>NVFP4: 64 values in 4 groups of 16: four unsigned E4M3 scales, then 8 bytes per group of 4-bit floats (E2M1).</summary>
public readonly struct NVFP4 : IBlockFormat<NVFP4>
{
    public static TensorType Type => TensorType.NVFP4;
    public static string Name => "NVFP4";
    public static int BlockLength => 64;
    public static int BlockBytes => 36;
    public static ReadOnlySpan<byte> ByteScaleOffsets => [0, 1, 2, 3];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (int group = 0; group < 4; group++)
        {
            float d = Bits.HalvedUE4M3(block[group]);
            Codebook.Decode(Bits.DoubledE2M1, d, block.Slice(4 + 8 * group, 8), values.Slice(16 * group, 16));
        }
    }
}
