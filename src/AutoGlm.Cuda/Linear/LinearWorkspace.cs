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
    /// <param name="used">The most experts of a row; 0 without experts.</param>
    /// <param name="experts">The most experts there are.</param>
    public LinearWorkspace(CudaDevice device, CudaStream stream, int rows, int columns, int used = 0, int experts = 0)
    {
        SortedRows = used == 0 ? 0 : ExpertShape.MostRows(checked(rows * used), experts);
        OperandBytes = Align(LinearKernels.OperandBytes(Math.Max(rows, SortedRows), columns));
        long partial = Align(GemmShape.MaxPartialFloats * sizeof(float)), arrivals = Align(GemmShape.MaxSharedBlocks * sizeof(int));
        _buffer = new DeviceBuffer(device, OperandBytes + partial + arrivals + 2 * Align(SortedRows * sizeof(int)) + Alignment, "the matrix products' workspace");
        stream.Fill(_buffer.Address, 0, _buffer.Bytes);
    }

    /// <summary>The most rows after sorting by experts.</summary>
    public int SortedRows { get; }

    /// <summary>Bytes of the operand.</summary>
    public long OperandBytes { get; }

    public nint Operand => _buffer.Address;

    public nint Partial => _buffer.Address + (nint)OperandBytes;

    public nint Arrivals => Partial + (nint)Align(GemmShape.MaxPartialFloats * sizeof(float));

    /// <summary>Which row and slot each sorted row is.</summary>
    public nint Order => Arrivals + (nint)Align(GemmShape.MaxSharedBlocks * sizeof(int));

    /// <summary>The expert of each tile of sorted rows.</summary>
    public nint TileExperts => Order + (nint)Align(SortedRows * sizeof(int));

    public void Dispose() => _buffer.Dispose();

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
