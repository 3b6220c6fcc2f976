using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Quantization;

/// <summary>A block format known only at run time; see <see cref="IBlockFormat{TSelf}"/> for what its members mean.</summary>
public abstract class BlockFormat
{
    private protected BlockFormat(TensorType type, string name, int blockLength, int blockBytes)
    {
        Type = type;
        Name = name;
        BlockLength = blockLength;
        BlockBytes = blockBytes;
    }

    public TensorType Type { get; }

    public string Name { get; }

    /// <summary>Values in a block.</summary>
    public int BlockLength { get; }

    /// <summary>Bytes in a block.</summary>
    public int BlockBytes { get; }

    /// <summary>Offsets in a block of its half-precision scales (and minima).</summary>
    public abstract ReadOnlySpan<byte> HalfOffsets { get; }

    /// <summary>Offsets in a block of its one-byte float scales.</summary>
    public abstract ReadOnlySpan<byte> ByteScaleOffsets { get; }

    /// <summary>Bytes of a row of <paramref name="rowLength"/> values.</summary>
    /// <exception cref="ArgumentException">The length is negative or not a whole number of blocks.</exception>
    /// <exception cref="OverflowException">The row would hold over 2^63 bytes.</exception>
    public long RowBytes(long rowLength)
    {
        if (rowLength < 0 || rowLength % BlockLength != 0)
        {
            throw new ArgumentException(
                $"a row of {rowLength} values is not a whole number of {Name} blocks of {BlockLength}", nameof(rowLength));
        }

        return checked(rowLength / BlockLength * BlockBytes);
    }

    /// <summary>Decodes whole blocks (any number of rows) to float32.</summary>
    /// <exception cref="ArgumentException">
    /// Not a whole number of blocks, or <paramref name="values"/> is not exactly their length.
    /// </exception>
    public void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        (int count, int rest) = Math.DivRem(blocks.Length, BlockBytes);
        if (rest != 0 || (long)count * BlockLength != values.Length)
        {
            throw new ArgumentException($"{blocks.Length} bytes of {Name} do not decode to {values.Length} values");
        }

        DecodeBlocks(blocks, values);
    }

    /// <summary>Index of the first block with an infinite or NaN scale (value, for unquantised types); -1 where all are finite.</summary>
    public abstract long FirstNotFinite(ReadOnlySpan<byte> blocks);

    public override string ToString() => Name;

    private protected abstract void DecodeBlocks(ReadOnlySpan<byte> blocks, Span<float> values);

    internal static BlockFormat Of<T>() where T : struct, IBlockFormat<T> => new Typed<T>();

    private sealed class Typed<T>() : BlockFormat(T.Type, T.Name, T.BlockLength, T.BlockBytes) where T : struct, IBlockFormat<T>
    {
        public override ReadOnlySpan<byte> HalfOffsets => T.HalfOffsets;

        public override ReadOnlySpan<byte> ByteScaleOffsets => T.ByteScaleOffsets;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override long FirstNotFinite(ReadOnlySpan<byte> blocks)
        {
            int at = 0;
            if (T.BlockLength == 1)
            {
                // Exponents of as many values as a vector holds; where one has all bits set, the loop below finds it.
                Vector128<byte> exponents = Exponents();
                while (at + Vector128<byte>.Count <= blocks.Length && AllFinite(Vector128.Create(blocks.Slice(at, Vector128<byte>.Count)) & exponents, exponents)) at += Vector128<byte>.Count;
            }

            for (; at + T.BlockBytes <= blocks.Length; at += T.BlockBytes)
            {
                if (!T.IsFinite(blocks.Slice(at, T.BlockBytes))) return at / T.BlockBytes;
            }

            return -1;
        }

        private static Vector128<byte> Exponents() => T.Type switch
        {
            TensorType.F32 => Vector128.Create(0x7F800000).AsByte(),
            TensorType.BF16 => Vector128.Create((ushort)0x7F80).AsByte(),
            _ => Vector128.Create((ushort)0x7C00).AsByte(),
        };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static bool AllFinite(Vector128<byte> value, Vector128<byte> exponents) => T.BlockBytes == 4
            ? !Vector128.EqualsAny(value.AsUInt32(), exponents.AsUInt32())
            : !Vector128.EqualsAny(value.AsUInt16(), exponents.AsUInt16());

        private protected override void DecodeBlocks(ReadOnlySpan<byte> blocks, Span<float> values) => T.DecodeRow(blocks, values);
    }
}
