using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cuda.Memory;

/// <summary>
/// Brings tensors to the card: threads check rows and copy them into one page-locked buffer while the card fetches the other.
/// </summary>
internal sealed unsafe class WeightUploader : IDisposable
{
    private const int Buffers = 2;
    private const long MostBytes = 64 << 20;

    private readonly PinnedBuffer[] _buffers;
    private readonly CudaEvent[] _fetched = [.. Enumerable.Range(0, Buffers).Select(_ => new CudaEvent())];
    private readonly string _location;
    private DeviceBuffer? _staging;
    private int _next;

    /// <param name="device">The card.</param>
    /// <param name="location">The file, for errors.</param>
    /// <param name="bytes">Bytes of a page-locked buffer; a row must fit.</param>
    /// <param name="cancellation">Ends it early.</param>
    public WeightUploader(CudaDevice device, string location, long bytes, CancellationToken cancellation)
    {
        Device = device;
        Cancellation = cancellation;
        _location = location;
        _buffers = [.. Enumerable.Range(0, Buffers).Select(_ => new PinnedBuffer(device, Math.Max(bytes, 1 << 20)))];
    }

    public CudaDevice Device { get; }

    /// <summary>Where copies are queued, and kernels that repack what was copied.</summary>
    public CudaStream Stream { get; } = new();

    public CancellationToken Cancellation { get; }

    /// <summary>So large a buffer serves tensors with rows of so many bytes.</summary>
    public static long BufferBytes(long mostRowBytes) => Math.Max(MostBytes, 16 * mostRowBytes);

    /// <summary>Rows of a tensor as they are stored.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="first">Its first row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="to">Where in the card's memory.</param>
    /// <exception cref="ModelFormatException">A row holds a scale or value that is not finite.</exception>
    public void Rows(Tensor tensor, long first, long count, nint to)
    {
        long rowBytes = tensor.RowBytes;
        InChunks(first, count, rowBytes, (row, rows, chunk) => Parallel.For(0, Parts(rows), part =>
        {
            (int start, int end) = Part(part, rows);
            ReadOnlySpan<byte> bytes = tensor.Rows(row + start, end - start);
            Check(tensor, row + start, bytes);
            bytes.CopyTo(new Span<byte>((byte*)chunk + start * rowBytes, bytes.Length));
        }), to);
    }

    /// <summary>Rows of a tensor as they are stored, a part at a time in memory of the card that the next part overwrites.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="first">Its first row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="multiple">Parts are multiples of so many rows, but for the last.</param>
    /// <param name="use">Queues on <see cref="Stream"/> what is done with a part: its first row counted from <paramref name="first"/>, its rows, its address.</param>
    public void Parts(Tensor tensor, long first, long count, int multiple, Action<long, int, nint> use)
    {
        long rowBytes = tensor.Type == UsedType(tensor) ? tensor.RowBytes : tensor.RowLength * sizeof(float);
        long most = _buffers[0].Bytes / rowBytes / multiple * multiple;
        if (most == 0) throw new ArgumentException($"{multiple} rows of {rowBytes} bytes do not fit into a buffer of {_buffers[0].Bytes}.", nameof(multiple));
        _staging ??= new DeviceBuffer(Device, _buffers[0].Bytes, "loading weights");
        for (long row = 0; row < count; row += most)
        {
            int rows = (int)Math.Min(most, count - row);
            if (tensor.Type == UsedType(tensor)) Rows(tensor, first + row, rows, _staging.Address);
            else Floats(tensor, first + row, rows, _staging.Address);
            use(row, rows, _staging.Address);
        }
    }

    /// <summary>The type in which <see cref="Parts(Tensor, long, long, int, Action{long, int, nint})"/> brings a tensor.</summary>
    public static TensorType UsedType(Tensor tensor) => Linear.PackedFormat.Get(tensor.Type).Type == tensor.Type ? tensor.Type : TensorType.F32;

    /// <summary>Rows of a tensor as float32.</summary>
    public void Floats(Tensor tensor, long first, long count, nint to)
    {
        InChunks(first, count, tensor.RowLength * sizeof(float), (row, rows, chunk) => Parallel.For(0, Parts(rows), part =>
        {
            (int start, int end) = Part(part, rows);
            Check(tensor, row + start, tensor.Rows(row + start, end - start));
            Span<float> values = new((float*)chunk + start * tensor.RowLength, checked((int)((end - start) * tensor.RowLength)));
            tensor.DecodeRows(row + start, end - start, values);
        }), to);
    }

    /// <summary>Waits until all is on the card.</summary>
    public void Finish() => Stream.Synchronize();

    public void Dispose()
    {
        Stream.Synchronize();
        Stream.Dispose();
        _staging?.Dispose();
        foreach (CudaEvent fetched in _fetched) fetched.Dispose();
        foreach (PinnedBuffer buffer in _buffers) buffer.Dispose();
    }

    private void InChunks(long first, long count, long rowBytes, Action<long, int, nint> fill, nint to)
    {
        long most = _buffers[0].Bytes / rowBytes;
        if (most == 0) throw new ArgumentException($"A row of {rowBytes} bytes does not fit into a buffer of {_buffers[0].Bytes}.", nameof(rowBytes));
        for (long row = 0; row < count; row += most)
        {
            Cancellation.ThrowIfCancellationRequested();
            int rows = (int)Math.Min(most, count - row);
            PinnedBuffer buffer = _buffers[_next];
            _fetched[_next].Synchronize();
            fill(first + row, rows, buffer.Address);
            Stream.Upload(to + (nint)(row * rowBytes), buffer.Address, rows * rowBytes);
            _fetched[_next].Record(Stream);
            _next = (_next + 1) % Buffers;
        }
    }

    private static int Parts(int rows) => Math.Min(rows, 4 * Environment.ProcessorCount);

    private static (int Start, int End) Part(int part, int rows) => ((int)((long)rows * part / Parts(rows)), (int)((long)rows * (part + 1) / Parts(rows)));

    private void Check(Tensor tensor, long row, ReadOnlySpan<byte> bytes)
    {
        long block = tensor.Format.FirstNotFinite(bytes);
        if (block < 0) return;
        long at = row + block / (tensor.RowLength / tensor.Format.BlockLength);
        throw new ModelFormatException(_location, tensor.Name, $"row {at} holds a {(tensor.Format.BlockLength == 1 ? "value" : "scale")} that is infinite or not a number; the file is damaged");
    }
}
