using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Safetensors;

/// <summary>A named array of any element type, row-major and little-endian, in a mapped file.</summary>
public sealed class SafetensorsEntry
{
    private readonly MappedFile _file;
    private readonly long _offset;

    internal SafetensorsEntry(string name, SafetensorsDtype dtype, long[] shape, MappedFile file, long offset, long byteLength)
    {
        Name = name;
        Dtype = dtype;
        Shape = shape;
        _file = file;
        _offset = offset;
        ByteLength = byteLength;
    }

    public string Name { get; }

    public SafetensorsDtype Dtype { get; }

    /// <summary>Dimensions, outermost first; a scalar has none.</summary>
    public IReadOnlyList<long> Shape { get; }

    public long ByteLength { get; }

    /// <summary>The file it is in.</summary>
    public string File => _file.Path;

    /// <summary>Stored bytes from <paramref name="offset"/> in the array on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not all in it.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - count);
        return _file.Span(_offset + offset, count);
    }

    /// <summary>All stored bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are over 2 GiB.</exception>
    public ReadOnlySpan<byte> Bytes()
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ByteLength, int.MaxValue, nameof(ByteLength));
        return Bytes(0, (int)ByteLength);
    }

    /// <summary>As <see cref="Tensor.Discard"/>.</summary>
    public void Discard() => _file.Discard(_offset, ByteLength);

    /// <summary>The same array as a tensor; null where <see cref="TensorType"/> has no such element type.</summary>
    internal Tensor? AsTensor() =>
        Dtype.TensorType() is TensorType type ? new MappedTensor(Name, type, Shape, _file, _offset) : null;
}
