namespace AutoGlm.Formats.Tensors;

/// <summary>
/// A named, read-only, row-major array in one <see cref="TensorType"/>. Rows are contiguous runs of the innermost
/// dimension and the unit of access, since a file may be larger than one span can address.
/// </summary>
public abstract class Tensor
{
    protected Tensor(string name, TensorType type, IReadOnlyList<long> shape)
    {
        Name = name;
        Type = type;
        Shape = shape;
        RowLength = shape.Count == 0 ? 1 : shape[^1];
        RowCount = shape.Take(Math.Max(0, shape.Count - 1)).Aggregate(1L, (product, dimension) => checked(product * dimension));
    }

    public string Name { get; }

    public TensorType Type { get; }

    /// <summary>Dimensions, outermost first (the reverse of the order GGUF writes); a scalar has none.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Values in a row: the innermost dimension.</summary>
    public long RowLength { get; }

    /// <summary>Rows in all: the product of the outer dimensions.</summary>
    public long RowCount { get; }

    /// <summary>Values in all.</summary>
    public long Length => checked(RowLength * RowCount);

    /// <summary>The stored bytes of <paramref name="count"/> rows from row <paramref name="first"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not all in the tensor, or hold over 2 GiB.</exception>
    public abstract ReadOnlySpan<byte> Rows(long first, int count);
}
