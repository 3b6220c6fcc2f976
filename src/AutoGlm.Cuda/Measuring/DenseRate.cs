using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Memory;

namespace AutoGlm.Cuda.Measuring;

/// <summary>What a card's tensor cores give at most: cuBLASLt's product of large bfloat16 matrices.</summary>
internal static class DenseRate
{
    private const int Size = 8192, Repetitions = 9;

    /// <summary>Floating-point operations a second of a product of 8192³; null where cuBLASLt is not there.</summary>
    public static double? Measure(CudaDevice device, CudaStream stream)
    {
        if (!DenseProduct.IsAvailable) return null;
        const long Bytes = (long)Size * Size * sizeof(ushort);
        using DeviceBuffer matrices = new(device, 3 * Bytes, "a measurement of its tensor cores");
        using DenseProduct product = new(device, Size, Size, Size, bfloat16: true);
        // Small numbers of all signs: the clock depends on how many bits change.
        ushort[] values = [.. Enumerable.Range(0, 1 << 20).Select(i => (ushort)(0x3C00 | (i * 2654435761L >> 7 & 0x81FF)))];
        using PinnedBuffer host = new(device, values.Length * sizeof(ushort));
        values.CopyTo(host.Span<ushort>(0, values.Length));
        for (long at = 0; at < 2 * Bytes; at += host.Bytes) stream.Upload(matrices.Address + (nint)at, host.Address, Math.Min(host.Bytes, 2 * Bytes - at));
        nint x = matrices.Address, weights = x + (nint)Bytes, y = weights + (nint)Bytes;
        return 2.0 * Size * Size * Size / StreamTimer.Median(stream, Repetitions, () => product.Multiply(stream, x, weights, y));
    }
}
