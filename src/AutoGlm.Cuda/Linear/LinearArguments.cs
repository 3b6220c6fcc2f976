namespace AutoGlm.Cuda.Linear;

// Twins of the structures of Kernels/linear*.cuh, gemv.cuh and gemm.cuh, which say what the fields mean.

internal struct PackArgs
{
    public nint Low, High, Packed;
    public long RowBytes;
    public int LowRows, HighRows, Columns, Step, Tiles, Units;
}

internal struct OperandArgs
{
    public nint X, Operand;
    public long XStride;
    public int Rows, OperandRows, Columns;
}

internal struct GemvArgs
{
    public nint Weights, X, Y, Bias, Addend, Gain, Routing;
    public long XStride, YStride, AddendStride, MatrixBytes;
    public int Rows, BlockRows, Outputs, Columns, XSlot, RoutingStride, Tiles, Units, Splits, Stages;
    public float Epsilon;
    public int Gated;
}

internal struct GemmArgs
{
    public nint Weights, X, Y, Bias, Addend, Partial, Arrivals, Order, Experts;
    public long MatrixBytes, YStride, AddendStride;
    public int Rows, XRows, Outputs, Tiles, Units, Splits, Gated, Used, Output;
}

internal struct GatherArgs
{
    public nint Weights, Ids, Y;
    public long YStride;
    public int Columns, Units;
}

internal struct SortArgs
{
    public nint Routing, Order, TileExperts;
    public int RoutingStride, Rows, Used, Experts, Tiles, TileRows;
}

internal struct SortedOperandArgs
{
    public OperandArgs X;
    public nint Order;
    public int Used, XSlot;
}
