using AutoGlm.Graph;

namespace AutoGlm.Cuda.Plan;

/// <summary>Where a value's rows are: float columns of a buffer in the card's memory.</summary>
/// <param name="width">Columns.</param>
/// <param name="space">Which rows.</param>
/// <param name="column">First column in the buffer's rows.</param>
/// <param name="buffer">Address of the buffer.</param>
/// <param name="stride">Floats from row to row.</param>
internal sealed class Operand(int width, RowSpace space, int column, nint buffer, int stride)
{
    public int Width => width;

    public RowSpace Space => space;

    /// <summary>Floats from row to row.</summary>
    public int Stride => stride;

    /// <summary>Address of its first row's first column. Launchers read it when they queue: the output's may change between runs.</summary>
    public nint Address { get; private set; } = buffer + column * sizeof(float);

    /// <summary>How products that follow are handed it; null where they find floats.</summary>
    public Handover? Handover { get; set; }

    /// <summary>Moves the value's buffer to other memory.</summary>
    public void MoveTo(nint start) => Address = start + column * sizeof(float);
}
