using AutoGlm.Formats.Quantization;

namespace AutoGlm.Formats.Tensors;

/// <summary>A tensor whose bytes lie in a mapped file. Its range was checked against the file when it was made.</summary>
internal sealed class MappedTensor : Tensor
{
    private readonly MappedFile _file;
    private readonly long _offset, _rowBytes, _bytes;

    public MappedTensor(string name, TensorType type, IReadOnlyList<long> shape, MappedFile file, long offset)
        : base(name, type, shape)
    {
        _file = file;
        _offset = offset;
        _rowBytes = BlockFormats.RowBytes(type, RowLength);
        _bytes = checked(_rowBytes * RowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_bytes, file.Length - offset);
    }

    public override ReadOnlySpan<byte> Rows(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, RowCount - count);
        long bytes = _rowBytes * count;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, int.MaxValue, nameof(count));
        return _file.Span(_offset + first * _rowBytes, (int)bytes);
    }

    public override void Prefetch() => _file.Prefetch(_offset, _bytes);

    public override void Populate(long first, int count) => _file.Populate(_offset + first * _rowBytes, count * _rowBytes);

    public override void Discard() => _file.Discard(_offset, _bytes);
}
