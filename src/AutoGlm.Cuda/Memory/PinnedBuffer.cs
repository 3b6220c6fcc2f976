using AutoGlm.Cuda.Bindings;

namespace AutoGlm.Cuda.Memory;

/// <summary>Page-locked memory of the host: copies to and from a card run beside other work.</summary>
internal sealed unsafe class PinnedBuffer : IDisposable
{
    /// <summary>Usable from all contexts.</summary>
    private const uint Portable = 1;

    /// <exception cref="CudaException">The system cannot lock so much.</exception>
    public PinnedBuffer(CudaDevice device, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        device.MakeCurrent();
        Bytes = bytes;
        CudaException.Check(CudaDriver.cuMemHostAlloc(out nint address, (nuint)bytes, Portable));
        Address = address;
    }

    public nint Address { get; private set; }

    public long Bytes { get; }

    /// <summary>Some of it.</summary>
    public Span<T> Span<T>(long offset, int count) where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(Address == 0, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + (long)count * sizeof(T), Bytes);
        return new Span<T>((byte*)Address + offset, count);
    }

    public void Dispose()
    {
        if (Address != 0) CudaDriver.cuMemFreeHost(Address);
        Address = 0;
    }
}
