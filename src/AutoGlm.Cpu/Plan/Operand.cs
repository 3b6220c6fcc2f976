using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>Where a value's rows are: in a buffer that stays, or in what the caller gives for the output.</summary>
internal sealed unsafe class Operand(int width, RowSpace space, float* data, long stride)
{
    public int Width => width;

    public RowSpace Space => space;

    public Rows Rows { get; private set; } = new(data, stride);

    /// <summary>Moves the value to other memory.</summary>
    public void MoveTo(float* start, long newStride) => Rows = new Rows(start, newStride);
}
