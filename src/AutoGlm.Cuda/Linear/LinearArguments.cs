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
    public nint Weights, X, Y, Bias, Addend, Partial, Arrivals;
    public long YStride, AddendStride;
    public int Rows, XRows, Outputs, Tiles, Units, Splits, Gated, Output;
}

internal struct GatherArgs
{
    public nint Weights, Ids, Y;
    public long YStride;
    public int Columns, Units;
}
