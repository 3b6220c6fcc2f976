using System.Buffers.Binary;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>32 values: a half scale d, then nibbles as in <see cref="Q4_0"/> that index a codebook. x = d codebook[q].</summary>
public readonly struct IQ4_NL : IBlockFormat<IQ4_NL>
{
    public static TensorType Type => TensorType.IQ4_NL;
    public static string Name => "IQ4_NL";
    public static int BlockLength => 32;
    public static int BlockBytes => 18;
    public static ReadOnlySpan<byte> HalfOffsets => [0];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) =>
        Codebook.Decode(Bits.NonLinear4, Bits.Half(block, 0), block.Slice(2, 16), values);
}

/// <summary>
/// 256 values in 8 groups of 32: half scale d, 16 bits of high scale bit pairs, 4 bytes of low scale nibbles, and 16
/// bytes per group as in <see cref="IQ4_NL"/>. x = d (scale - 32) codebook[q].
/// </summary>
public readonly struct IQ4_XS : IBlockFormat<IQ4_XS>
{
    public static TensorType Type => TensorType.IQ4_XS;
    public static string Name => "IQ4_XS";
    public static int BlockLength => 256;
    public static int BlockBytes => 136;
    public static ReadOnlySpan<byte> HalfOffsets => [0];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 0);
        for (int group = 0; group < 8; group++)
        {
            float dl = d * Scale(block, group);
            Codebook.Decode(Bits.NonLinear4, dl, block.Slice(8 + 16 * group, 16), values.Slice(32 * group, 32));
        }
    }

    /// <summary>Scale of a group of the block, -32 to 31.</summary>
    public static int Scale(ReadOnlySpan<byte> block, int group)
    {
        int low = block[4 + group / 2] >> (4 * (group % 2)) & 0xF;
        int high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]) >> (2 * group) & 3;
        return (low | high << 4) - 32;
    }
}

/// <summary>
/// OCP Microscaling MXFP4: 32 values share a power of two (E8M0), then nibbles as in <see cref="Q4_0"/>, each a 4-bit
/// float (E2M1).
/// </summary>
public readonly struct MXFP4 : IBlockFormat<MXFP4>
{
    public static TensorType Type => TensorType.MXFP4;
    public static string Name => "MXFP4";
    public static int BlockLength => 32;
    public static int BlockBytes => 17;
    public static ReadOnlySpan<byte> ByteScaleOffsets => [0];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) =>
        Codebook.Decode(Bits.DoubledE2M1, Bits.HalvedE8M0(block[0]), block.Slice(1, 16), values);
}

/// <summary>Nibbles that index a table of 16: low nibbles are the first half of the values.</summary>
internal static class Codebook
{
    public static void Decode(ReadOnlySpan<sbyte> table, float scale, ReadOnlySpan<byte> nibbles, Span<float> values)
    {
        for (int i = 0; i < nibbles.Length; i++)
        {
            values[i] = scale * table[nibbles[i] & 0xF];
            values[i + nibbles.Length] = scale * table[nibbles[i] >> 4];
        }
    }
}
