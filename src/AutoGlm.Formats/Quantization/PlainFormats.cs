using System.Buffers.Binary;
using System.Runtime.InteropServices;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>IEEE 754 binary32.</summary>
public readonly struct F32 : IBlockFormat<F32>
{
    public static TensorType Type => TensorType.F32;
    public static string Name => "F32";
    public static int BlockLength => 1;
    public static int BlockBytes => 4;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) =>
        values[0] = BinaryPrimitives.ReadSingleLittleEndian(block);

    public static void DecodeRow(ReadOnlySpan<byte> blocks, Span<float> values) =>
        MemoryMarshal.Cast<byte, float>(blocks).CopyTo(values);

    public static bool IsFinite(ReadOnlySpan<byte> block) => float.IsFinite(BinaryPrimitives.ReadSingleLittleEndian(block));
}

/// <summary>IEEE 754 binary16.</summary>
public readonly struct F16 : IBlockFormat<F16>
{
    public static TensorType Type => TensorType.F16;
    public static string Name => "F16";
    public static int BlockLength => 1;
    public static int BlockBytes => 2;
    public static ReadOnlySpan<byte> HalfOffsets => [0];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) => values[0] = Bits.Half(block, 0);
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
public readonly struct BF16 : IBlockFormat<BF16>
{
    public static TensorType Type => TensorType.BF16;
    public static string Name => "BF16";
    public static int BlockLength => 1;
    public static int BlockBytes => 2;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) =>
        values[0] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(block) << 16);

    public static bool IsFinite(ReadOnlySpan<byte> block) =>
        (BinaryPrimitives.ReadUInt16LittleEndian(block) & 0x7F80) != 0x7F80;
}
