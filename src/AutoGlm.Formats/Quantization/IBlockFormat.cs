using System.Buffers.Binary;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>
/// How ggml stores a run of values: a fixed number of them share one block of bytes. Implementations are the readable
/// reference for every faster kernel, and decode bit for bit as ggml's <c>dequantize_row_*</c> does: each product and
/// sum is rounded to float32 in ggml's order.
/// </summary>
public interface IBlockFormat<TSelf> where TSelf : struct, IBlockFormat<TSelf>
{
    static abstract TensorType Type { get; }

    /// <summary>ggml's name, upper case.</summary>
    static abstract string Name { get; }

    /// <summary>Values in a block.</summary>
    static abstract int BlockLength { get; }

    /// <summary>Bytes in a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Offsets in a block of its half-precision scales (and minima).</summary>
    static virtual ReadOnlySpan<byte> HalfOffsets => [];

    /// <summary>Offsets in a block of its one-byte float scales.</summary>
    static virtual ReadOnlySpan<byte> ByteScaleOffsets => [];

    /// <summary>Decodes one block: <see cref="BlockBytes"/> bytes to <see cref="BlockLength"/> values.</summary>
    static abstract void Decode(ReadOnlySpan<byte> block, Span<float> values);

    /// <summary>Decodes as many whole blocks as <paramref name="blocks"/> holds.</summary>
    static virtual void DecodeRow(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (int at = 0, to = 0; at < blocks.Length; at += TSelf.BlockBytes, to += TSelf.BlockLength)
        {
            TSelf.Decode(blocks.Slice(at, TSelf.BlockBytes), values.Slice(to, TSelf.BlockLength));
        }
    }

    /// <summary>False where a scale of the block is infinite or not a number.</summary>
    static virtual bool IsFinite(ReadOnlySpan<byte> block)
    {
        foreach (byte offset in TSelf.HalfOffsets)
        {
            // All exponent bits set: infinity or NaN.
            if ((BinaryPrimitives.ReadUInt16LittleEndian(block[offset..]) & 0x7C00) == 0x7C00) return false;
        }

        return true;
    }
}
