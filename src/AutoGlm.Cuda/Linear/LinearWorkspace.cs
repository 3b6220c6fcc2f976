using AutoGlm.Cuda.Memory;

namespace AutoGlm.Cuda.Linear;

/// <summary>What products for many rows need beside their inputs: activations as the tensor cores read them, and shared tiles' sums.</summary>
internal sealed class LinearWorkspace : IDisposable
{
    private const int Alignment = 256;

    private readonly DeviceBuffer _buffer;

    /// <param name="device">Where.</param>
    /// <param name="stream">Queues the zeros that the counters begin with.</param>
    /// <param name="rows">The most rows of a batch.</param>
    /// <param name="columns">The most inputs of a matrix.</param>
    public LinearWorkspace(CudaDevice device, CudaStream stream, int rows, int columns)
    {
        OperandBytes = Align(LinearKernels.OperandBytes(rows, columns));
        long partial = Align(GemmShape.MaxPartialFloats * sizeof(float)), arrivals = Align(GemmShape.MaxSharedBlocks * sizeof(int));
        _buffer = new DeviceBuffer(device, OperandBytes + partial + arrivals, "the matrix products' workspace");
        stream.Fill(_buffer.Address, 0, _buffer.Bytes);
    }

    /// <summary>Bytes of the operand.</summary>
    public long OperandBytes { get; }

    public nint Operand => _buffer.Address;

    public nint Partial => _buffer.Address + (nint)OperandBytes;

    public nint Arrivals => Partial + (nint)Align(GemmShape.MaxPartialFloats * sizeof(float));

    public void Dispose() => _buffer.Dispose();

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
