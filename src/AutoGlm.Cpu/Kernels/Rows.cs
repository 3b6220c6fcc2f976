namespace AutoGlm.Cpu.Kernels;

/// <summary>Rows of floats in memory: row n starts at data + n stride.</summary>
internal readonly unsafe struct Rows(float* data, long stride)
{
    public float* Data { get; } = data;

    public long Stride { get; } = stride;

    public float* this[int row] => Data + row * Stride;

    /// <summary>The same rows from a column on.</summary>
    public Rows From(int column) => new(Data + column, Stride);
}

/// <summary>The part of a matrix that one thread works on.</summary>
internal readonly record struct Area(int Row, int RowEnd, int Column, int ColumnEnd)
{
    /// <summary>A share of whole rows where there are enough of them, else of columns in runs of 64.</summary>
    public static Area Of(int rows, int columns, int thread, int threads)
    {
        if (rows < threads)
        {
            (int column, int columnEnd) = WorkRange.Of(columns, 64, thread, threads);
            return new Area(0, rows, column, columnEnd);
        }

        (int row, int rowEnd) = WorkRange.Of(rows, thread, threads);
        return new Area(row, rowEnd, 0, columns);
    }
}
