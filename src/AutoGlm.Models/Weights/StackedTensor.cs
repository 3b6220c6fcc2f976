using AutoGlm.Formats.Tensors;

namespace AutoGlm.Models.Weights;

/// <summary>Tensors of one shape and type under each other: what one file keeps as [experts, …] and another one by one.</summary>
internal sealed class StackedTensor : Tensor
{
    private readonly IReadOnlyList<Tensor> _parts;

    public StackedTensor(string name, IReadOnlyList<Tensor> parts)
        : base(name, parts[0].Type, [parts.Count, .. parts[0].Shape])
    {
        _parts = parts;
    }

    public override ReadOnlySpan<byte> Rows(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, RowCount);
        long rows = _parts[0].RowCount;
        (long part, long row) = Math.DivRem(first, rows);
        if (count == 0) return [];
        if (row + count <= rows) return _parts[(int)part].Rows(row, count);

        byte[] joined = new byte[checked(count * RowBytes)];
        for (int i = 0; i < count; i++)
        {
            (part, row) = Math.DivRem(first + i, rows);
            _parts[(int)part].Rows(row, 1).CopyTo(joined.AsSpan((int)(i * RowBytes)));
        }

        return joined;
    }

    public override void Prefetch()
    {
        foreach (Tensor part in _parts) part.Prefetch();
    }

    public override void Discard()
    {
        foreach (Tensor part in _parts) part.Discard();
    }
}
