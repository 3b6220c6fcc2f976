using AutoGlm.Formats.Tensors;

namespace AutoGlm.Graph;

/// <summary>Tensors of one type side by side along a dimension, without a copy of their own.</summary>
public sealed class JoinedTensor : Tensor
{
    private readonly IReadOnlyList<Tensor> _parts;
    private readonly long[] _blockRows;
    private readonly long _rowsPerBlock;
    private readonly bool _withinRows;

    /// <param name="weight">The joined parameter.</param>
    /// <param name="parts">The tensors of its parts.</param>
    /// <exception cref="ArgumentException">The tensors are not of one type.</exception>
    public JoinedTensor(Weight weight, IReadOnlyList<Tensor> parts)
        : base(weight.Name, parts[0].Type, weight.Shape)
    {
        if (parts.Any(part => part.Type != Type)) throw new ArgumentException($"{weight.Name} joins tensors of several types.", nameof(parts));
        _parts = parts;
        _withinRows = weight.Axis == weight.Shape.Length - 1;
        long outer = 1;
        for (int i = 0; i < weight.Axis; i++) outer *= weight.Shape[i];
        _blockRows = new long[parts.Count];
        for (int i = 0; i < parts.Count; i++) _rowsPerBlock += _blockRows[i] = parts[i].RowCount / outer;
    }

    public override ReadOnlySpan<byte> Rows(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, RowCount);
        if (count == 0) return [];
        if (!_withinRows && Find(first) is var start && start.Left >= count) return _parts[start.Part].Rows(start.Row, count);
        byte[] joined = new byte[checked(count * RowBytes)];
        for (int i = 0; i < count; i++) CopyRow(first + i, joined.AsSpan((int)(i * RowBytes), (int)RowBytes));
        return joined;
    }

    public override void Prefetch()
    {
        foreach (Tensor part in _parts) part.Prefetch();
    }

    public override void Populate(long first, int count)
    {
        if (_withinRows)
        {
            foreach (Tensor part in _parts) part.Populate(first, count);
            return;
        }

        while (count > 0)
        {
            (int part, long row, long left) = Find(first);
            int here = (int)Math.Min(count, left);
            _parts[part].Populate(row, here);
            (first, count) = (first + here, count - here);
        }
    }

    public override void Discard()
    {
        foreach (Tensor part in _parts) part.Discard();
    }

    private void CopyRow(long row, Span<byte> destination)
    {
        if (!_withinRows)
        {
            (int part, long inPart, _) = Find(row);
            _parts[part].Rows(inPart, 1).CopyTo(destination);
            return;
        }

        foreach (Tensor part in _parts)
        {
            part.Rows(row, 1).CopyTo(destination);
            destination = destination[(int)part.RowBytes..];
        }
    }

    /// <summary>Where a row is: the part, the row in it, and how many of the part's rows follow here, that one counted.</summary>
    private (int Part, long Row, long Left) Find(long row)
    {
        (long block, long inBlock) = Math.DivRem(row, _rowsPerBlock);
        int part = 0;
        while (inBlock >= _blockRows[part]) inBlock -= _blockRows[part++];
        return (part, block * _blockRows[part] + inBlock, _blockRows[part] - inBlock);
    }
}
