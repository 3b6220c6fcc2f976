using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Tests;

/// <summary>A card with its kernels, and arrays brought to it and back; all is freed with it.</summary>
internal sealed class Card : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public Card()
    {
        Device = Gpu.Open();
        Kernels = new KernelLibrary(Device, CubinCache.DefaultFolder);
        Stream = new CudaStream();
    }

    public CudaDevice Device { get; }

    public KernelLibrary Kernels { get; }

    public CudaStream Stream { get; }

    /// <summary>Brings an array to the card.</summary>
    public unsafe nint Upload<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        long bytes = Math.Max(1, (long)values.Length * sizeof(T));
        DeviceBuffer buffer = Own(new DeviceBuffer(Device, bytes, "a test"));
        using PinnedBuffer host = new(Device, bytes);
        values.CopyTo(host.Span<T>(0, values.Length));
        Stream.Upload(buffer.Address, host.Address, (long)values.Length * sizeof(T));
        Stream.Synchronize();
        return buffer.Address;
    }

    public nint Upload<T>(T[] values) where T : unmanaged => Upload((ReadOnlySpan<T>)values);

    /// <summary>Memory full of bytes that are no number in any type of float.</summary>
    public nint Poisoned(long bytes)
    {
        DeviceBuffer buffer = Own(new DeviceBuffer(Device, bytes, "a test"));
        Stream.Fill(buffer.Address, 0xff, bytes);
        return buffer.Address;
    }

    /// <summary>Waits for the card, and brings an array back.</summary>
    public unsafe T[] Download<T>(nint address, int count) where T : unmanaged
    {
        using PinnedBuffer host = new(Device, Math.Max(1, (long)count * sizeof(T)));
        Stream.Download(host.Address, address, (long)count * sizeof(T));
        Stream.Synchronize();
        return host.Span<T>(0, count).ToArray();
    }

    public T Own<T>(T item) where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }

    public void Dispose()
    {
        foreach (IDisposable item in _owned) item.Dispose();
        Stream.Dispose();
        Kernels.Dispose();
        Device.Dispose();
    }
}
