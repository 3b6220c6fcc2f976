using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>Where a value's rows are: columns of a buffer that stays, or of what the caller gives for the output.</summary>
/// <param name="width">Columns.</param>
/// <param name="space">Which rows.</param>
/// <param name="memory">Identity of the buffer.</param>
/// <param name="column">First column in the buffer's rows.</param>
/// <param name="data">The buffer.</param>
/// <param name="stride">Floats from row to row.</param>
internal sealed unsafe class Operand(int width, RowSpace space, object memory, int column, float* data, long stride)
{
    /// <summary>Columns that a thread's share is a multiple of where nothing else is asked for: two cache lines, one quantised group.</summary>
    public const int Grain = 32;

    public int Width => width;

    public RowSpace Space => space;

    public object Memory => memory;

    public Rows Rows { get; private set; } = new(data + column, stride);

    /// <summary>Moves the value's buffer to other memory.</summary>
    public void MoveTo(float* start, long newStride) => Rows = new Rows(start + column, newStride);

    public Access Reads(int grain = Grain, Reach reach = Reach.Share) => new(memory, stride, column, width, grain, reach, false);

    public Access Writes(int grain = Grain, Reach reach = Reach.Share) => new(memory, stride, column, width, grain, reach, true);

    /// <summary>Some of its columns.</summary>
    public Access Columns(int first, int count, bool writes) => new(memory, stride, column + first, count, Grain, Reach.Share, writes);
}
