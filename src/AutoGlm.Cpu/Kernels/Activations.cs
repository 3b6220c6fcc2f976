namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// The input of a matmul: <see cref="Rows"/> rows of <see cref="Columns"/> floats, and (when a weight matrix is
/// quantised) the same as 8-bit integers per group of 32 columns. A value: every thread makes the same one from
/// <see cref="ActivationBuffer.View"/>, each quantises its part, and after a barrier all read all of it.
/// </summary>
internal unsafe struct Activations
{
    public const int GroupLength = 32;

    /// <summary>Bytes from a row's integers of a group to the next row's.</summary>
    public const int ByteStride = GroupLength + sizeof(int);

    /// <summary>Row-major floats; row n starts at n <see cref="Stride"/>.</summary>
    public float* Values;

    public long Stride;

    public int Rows, Columns;

    /// <summary>[group][row][<see cref="ByteStride"/>]: 32 signed bytes, then a 32-bit integer, -128 times their sum.</summary>
    public sbyte* Bytes;

    /// <summary>
    /// [group][row][32] the same as 16-bit numbers: of the eight chunks of four, first columns 0 and 2 of each, then
    /// columns 1 and 3 of each, as weights of signed bytes widen.
    /// </summary>
    public short* Words;

    /// <summary>
    /// [group][row][4]: scale; scale times the sum of the integers; the same for the first half alone, for the second.
    /// </summary>
    public float* Scales;

    public readonly int Groups => Columns / GroupLength;

    /// <summary>Some of the columns, from <paramref name="column"/> on: both multiples of 32 where the input is quantised.</summary>
    public readonly Activations Slice(int column, int columns)
    {
        long before = (long)(column / GroupLength) * Rows;
        Activations part = this;
        part.Values += column;
        part.Columns = columns;
        part.Bytes += before * ByteStride;
        part.Words += before * GroupLength;
        part.Scales += before * 4;
        return part;
    }
}
