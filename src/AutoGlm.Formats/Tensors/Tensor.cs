using AutoGlm.Formats.Quantization;

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

    /// <summary>How the values are stored.</summary>
    public BlockFormat Format => BlockFormats.Get(Type);

    /// <summary>Stored bytes of a row.</summary>
    public long RowBytes => Format.RowBytes(RowLength);

    /// <summary>Stored bytes in all.</summary>
    public long ByteLength => checked(RowBytes * RowCount);

    /// <summary>Decodes rows to float32 with the scalar reference.</summary>
    public void DecodeRows(long first, int count, Span<float> values) => Format.Decode(Rows(first, count), values);

    /// <summary>Decodes the whole tensor to float32, row-major.</summary>
    /// <exception cref="OverflowException">It has over 2^31 values.</exception>
    public float[] Decode()
    {
        float[] values = new float[checked((int)Length)];
        for (long row = 0; row < RowCount; row++)
        {
            DecodeRows(row, 1, values.AsSpan(checked((int)(row * RowLength)), (int)RowLength));
        }

        return values;
    }

    /// <summary>The tensor will be read soon, front to back: start fetching it. A hint; may do nothing.</summary>
    public virtual void Prefetch()
    {
    }

    /// <summary>The rows will be read now: map their pages at once rather than one by one as they are touched. A hint; may do nothing.</summary>
    public virtual void Populate(long first, int count)
    {
    }

    /// <summary>The caller has its own copy: drop cached pages. The tensor stays readable. A hint; may do nothing.</summary>
    public virtual void Discard()
    {
    }
}
