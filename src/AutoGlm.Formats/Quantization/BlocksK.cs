using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>
/// 256 values in 16 groups of 16: 16 bytes of 4-bit scale and minimum, 64 bytes of 2-bit values, half scale d of the
/// scales and dmin of the minima. Each half of 128 values takes 32 bytes, one bit pair per run of 32.
/// </summary>
public readonly struct Q2_K : IBlockFormat<Q2_K>
{
    public static TensorType Type => TensorType.Q2_K;
    public static string Name => "Q2_K";
    public static int BlockLength => 256;
    public static int BlockBytes => 84;
    public static ReadOnlySpan<byte> HalfOffsets => [80, 82];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 80), dmin = Bits.Half(block, 82);
        for (int group = 0; group < 16; group++)
        {
            byte scale = block[group];
            float dl = d * (scale & 0xF), ml = dmin * (scale >> 4);
            ReadOnlySpan<byte> q = block.Slice(16 + 32 * (group / 8) + 16 * (group % 2), 16);
            int shift = 2 * (group / 2 % 4);
            for (int i = 0; i < 16; i++) values[16 * group + i] = dl * (q[i] >> shift & 3) - ml;
        }
    }
}

/// <summary>
/// 256 values in 16 groups of 16: 32 bytes of third bits (bit n for the n-th run of 32; clear means minus 4), 64 bytes
/// of 2-bit values placed as in <see cref="Q2_K"/>, 12 bytes of 6-bit scales, half scale d.
/// </summary>
public readonly struct Q3_K : IBlockFormat<Q3_K>
{
    public static TensorType Type => TensorType.Q3_K;
    public static string Name => "Q3_K";
    public static int BlockLength => 256;
    public static int BlockBytes => 110;
    public static ReadOnlySpan<byte> HalfOffsets => [108];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 108);
        for (int group = 0; group < 16; group++)
        {
            float dl = d * Scale(block.Slice(96, 12), group);
            ReadOnlySpan<byte> high = block.Slice(16 * (group % 2), 16);
            ReadOnlySpan<byte> q = block.Slice(32 + 32 * (group / 8) + 16 * (group % 2), 16);
            int shift = 2 * (group / 2 % 4);
            for (int i = 0; i < 16; i++)
            {
                int third = high[i] >> (group / 2) & 1;
                values[16 * group + i] = dl * ((q[i] >> shift & 3) - (third == 0 ? 4 : 0));
            }
        }
    }

    /// <summary>Scale of a group, -32 to 31: four low bits in the first eight bytes, two high bits in the last four.</summary>
    public static int Scale(ReadOnlySpan<byte> scales, int group)
    {
        int low = group < 8 ? scales[group] & 0xF : scales[group - 8] >> 4;
        int high = scales[8 + group % 4] >> (2 * (group / 4)) & 3;
        return (low | high << 4) - 32;
    }
}

/// <summary>
/// 256 values in 8 groups of 32: half scale d of the scales and dmin of the minima, 12 bytes of 6-bit scale and
/// minimum, 128 bytes of nibbles in which 32 bytes hold two groups, low nibbles first.
/// </summary>
public readonly struct Q4_K : IBlockFormat<Q4_K>
{
    public static TensorType Type => TensorType.Q4_K;
    public static string Name => "Q4_K";
    public static int BlockLength => 256;
    public static int BlockBytes => 144;
    public static ReadOnlySpan<byte> HalfOffsets => [0, 2];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 0), dmin = Bits.Half(block, 2);
        for (int group = 0; group < 8; group++)
        {
            (int scale, int min) = ScaleMin(block.Slice(4, 12), group);
            float dl = d * scale, ml = dmin * min;
            ReadOnlySpan<byte> q = block.Slice(16 + 32 * (group / 2), 32);
            int shift = 4 * (group % 2);
            for (int i = 0; i < 32; i++) values[32 * group + i] = dl * (q[i] >> shift & 0xF) - ml;
        }
    }

    /// <summary>
    /// 6-bit scale and minimum of a group; those of the last four groups are split, their high bits in the first eight bytes.
    /// </summary>
    public static (int Scale, int Min) ScaleMin(ReadOnlySpan<byte> scales, int group) => group < 4
        ? (scales[group] & 63, scales[group + 4] & 63)
        : ((scales[group + 4] & 0xF) | scales[group - 4] >> 6 << 4, scales[group + 4] >> 4 | scales[group] >> 6 << 4);
}

/// <summary>As <see cref="Q4_K"/> with 32 bytes of fifth bits before the nibbles, bit n for group n.</summary>
public readonly struct Q5_K : IBlockFormat<Q5_K>
{
    public static TensorType Type => TensorType.Q5_K;
    public static string Name => "Q5_K";
    public static int BlockLength => 256;
    public static int BlockBytes => 176;
    public static ReadOnlySpan<byte> HalfOffsets => [0, 2];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 0), dmin = Bits.Half(block, 2);
        ReadOnlySpan<byte> high = block.Slice(16, 32);
        for (int group = 0; group < 8; group++)
        {
            (int scale, int min) = Q4_K.ScaleMin(block.Slice(4, 12), group);
            float dl = d * scale, ml = dmin * min;
            ReadOnlySpan<byte> q = block.Slice(48 + 32 * (group / 2), 32);
            int shift = 4 * (group % 2);
            for (int i = 0; i < 32; i++)
            {
                int fifth = high[i] >> group & 1;
                values[32 * group + i] = dl * ((q[i] >> shift & 0xF) | fifth << 4) - ml;
            }
        }
    }
}

/// <summary>
/// 256 values in 16 groups of 16: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed 8-bit scales, half
/// scale d. Each half of 128 values is four runs of 32: two in the low nibbles of 64 bytes, two in the high ones.
/// x = d scale (q - 32).
/// </summary>
public readonly struct Q6_K : IBlockFormat<Q6_K>
{
    public static TensorType Type => TensorType.Q6_K;
    public static string Name => "Q6_K";
    public static int BlockLength => 256;
    public static int BlockBytes => 210;
    public static ReadOnlySpan<byte> HalfOffsets => [208];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 208);
        for (int run = 0; run < 8; run++)
        {
            int half = run / 4, part = run % 4;
            ReadOnlySpan<byte> low = block.Slice(64 * half + 32 * (part % 2), 32);
            ReadOnlySpan<byte> high = block.Slice(128 + 32 * half, 32);
            for (int i = 0; i < 32; i++)
            {
                int q = (low[i] >> (4 * (part / 2)) & 0xF) | (high[i] >> (2 * part) & 3) << 4;
                float dl = d * (sbyte)block[192 + 2 * run + i / 16];
                values[32 * run + i] = dl * (q - 32);
            }
        }
    }
}
