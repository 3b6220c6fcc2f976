using System.Runtime.InteropServices;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Models.Weights;

/// <summary>A tensor that the file does not hold as the graph wants it: made from other tensors when it is first read.</summary>
internal sealed class ComputedTensor(string name, TensorType type, IReadOnlyList<long> shape, Func<byte[]> compute) : Tensor(name, type, shape)
{
    private byte[]? _bytes;

    /// <summary>A tensor of float32 values.</summary>
    public static ComputedTensor OfFloats(string name, IReadOnlyList<long> shape, Func<float[]> compute) =>
        new(name, TensorType.F32, shape, () => MemoryMarshal.AsBytes<float>(compute()).ToArray());

    public override ReadOnlySpan<byte> Rows(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, RowCount);
        byte[] bytes = LazyInitializer.EnsureInitialized(ref _bytes, compute);
        return bytes.AsSpan(checked((int)(first * RowBytes)), checked((int)(count * RowBytes)));
    }

    public override void Discard() => _bytes = null;
}
