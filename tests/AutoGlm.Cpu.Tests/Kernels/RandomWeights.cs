using System.Buffers.Binary;
using AutoGlm.Formats.Quantization;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Tests.Kernels;

/// <summary>A tensor of random but sane blocks of any type, in memory.</summary>
internal sealed class RandomWeights : Tensor
{
    private readonly byte[] _bytes;
    private readonly int _rowBytes;

    public RandomWeights(TensorType type, Random random, params long[] shape) : base($"random.{type}", type, shape)
    {
        BlockFormat format = BlockFormats.Get(type);
        _rowBytes = checked((int)format.RowBytes(RowLength));
        _bytes = new byte[checked(RowCount * _rowBytes)];
        random.NextBytes(_bytes);
        for (int at = 0; at < _bytes.Length; at += format.BlockBytes) MakeSane(format, random, _bytes.AsSpan(at, format.BlockBytes));
    }

    public override ReadOnlySpan<byte> Rows(long first, int count) => _bytes.AsSpan(checked((int)(first * _rowBytes)), count * _rowBytes);

    /// <summary>Makes a scale of the row infinite.</summary>
    public void Damage(long row)
    {
        BlockFormat format = BlockFormats.Get(Type);
        BinaryPrimitives.WriteHalfLittleEndian(_bytes.AsSpan((int)(row * _rowBytes) + _rowBytes - format.BlockBytes + format.HalfOffsets[0]), Half.PositiveInfinity);
    }

    /// <summary>Changes the lowest bit of a byte.</summary>
    public void Flip(int at) => _bytes[at] ^= 1;

    public float[] Decode(long row)
    {
        float[] values = new float[RowLength];
        BlockFormats.Get(Type).Decode(Rows(row, 1), values);
        return values;
    }

    private static void MakeSane(BlockFormat format, Random random, Span<byte> block)
    {
        float value = (random.NextSingle() - 0.5f) / 16;
        if (format.Type == TensorType.F32) BinaryPrimitives.WriteSingleLittleEndian(block, value);
        else if (format.Type == TensorType.BF16) BinaryPrimitives.WriteUInt16LittleEndian(block, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        else if (format.Type == TensorType.MXFP4) block[0] = (byte)random.Next(118, 126);
        foreach (byte offset in format.HalfOffsets) BinaryPrimitives.WriteHalfLittleEndian(block[offset..], (Half)((random.NextSingle() - 0.3f) / 16));
    }
}
