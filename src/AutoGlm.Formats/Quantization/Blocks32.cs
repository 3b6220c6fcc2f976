using System.Buffers.Binary;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>32 values: a half scale d, then 16 bytes whose low nibbles are the first 16 values. x = d (q - 8).</summary>
public readonly struct Q4_0 : IBlockFormat<Q4_0>
{
    public static TensorType Type => TensorType.Q4_0;
    public static string Name => "Q4_0";
    public static int BlockLength => 32;
    public static int BlockBytes => 18;
    public static ReadOnlySpan<byte> HalfOffsets => [0];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 0);
        ReadOnlySpan<byte> q = block.Slice(2, 16);
        for (int i = 0; i < 16; i++)
        {
            values[i] = ((q[i] & 0xF) - 8) * d;
            values[i + 16] = ((q[i] >> 4) - 8) * d;
        }
    }
}

/// <summary>As <see cref="Q4_0"/> with a half minimum m after the scale. x = d q + m.</summary>
public readonly struct Q4_1 : IBlockFormat<Q4_1>
{
    public static TensorType Type => TensorType.Q4_1;
    public static string Name => "Q4_1";
    public static int BlockLength => 32;
    public static int BlockBytes => 20;
    public static ReadOnlySpan<byte> HalfOffsets => [0, 2];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 0), m = Bits.Half(block, 2);
        ReadOnlySpan<byte> q = block.Slice(4, 16);
        for (int i = 0; i < 16; i++)
        {
            values[i] = (q[i] & 0xF) * d + m;
            values[i + 16] = (q[i] >> 4) * d + m;
        }
    }
}

/// <summary>As <see cref="Q4_0"/> with 32 fifth bits before the nibbles. x = d (q - 16).</summary>
public readonly struct Q5_0 : IBlockFormat<Q5_0>
{
    public static TensorType Type => TensorType.Q5_0;
    public static string Name => "Q5_0";
    public static int BlockLength => 32;
    public static int BlockBytes => 22;
    public static ReadOnlySpan<byte> HalfOffsets => [0];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 0);
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        ReadOnlySpan<byte> q = block.Slice(6, 16);
        for (int i = 0; i < 16; i++)
        {
            values[i] = (((q[i] & 0xF) | (int)(fifth >> i & 1) << 4) - 16) * d;
            values[i + 16] = (((q[i] >> 4) | (int)(fifth >> (i + 16) & 1) << 4) - 16) * d;
        }
    }
}

/// <summary>As <see cref="Q5_0"/> with a half minimum m after the scale. x = d q + m.</summary>
public readonly struct Q5_1 : IBlockFormat<Q5_1>
{
    public static TensorType Type => TensorType.Q5_1;
    public static string Name => "Q5_1";
    public static int BlockLength => 32;
    public static int BlockBytes => 24;
    public static ReadOnlySpan<byte> HalfOffsets => [0, 2];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 0), m = Bits.Half(block, 2);
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        ReadOnlySpan<byte> q = block.Slice(8, 16);
        for (int i = 0; i < 16; i++)
        {
            values[i] = ((q[i] & 0xF) | (int)(fifth >> i & 1) << 4) * d + m;
            values[i + 16] = ((q[i] >> 4) | (int)(fifth >> (i + 16) & 1) << 4) * d + m;
        }
    }
}

/// <summary>32 values: a half scale d, then 32 signed bytes. x = d q.</summary>
public readonly struct Q8_0 : IBlockFormat<Q8_0>
{
    public static TensorType Type => TensorType.Q8_0;
    public static string Name => "Q8_0";
    public static int BlockLength => 32;
    public static int BlockBytes => 34;
    public static ReadOnlySpan<byte> HalfOffsets => [0];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = Bits.Half(block, 0);
        for (int i = 0; i < 32; i++) values[i] = (sbyte)block[2 + i] * d;
    }
}
