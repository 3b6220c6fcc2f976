using AutoGlm.Cuda.Bindings;

namespace AutoGlm.Cuda.Memory;

/// <summary>Memory of a card, aligned to 256 bytes.</summary>
internal sealed class DeviceBuffer : IDisposable
{
    private const int Alignment = 256;

    /// <param name="device">Whose.</param>
    /// <param name="bytes">How much, at least 1.</param>
    /// <param name="purpose">What for, in an error's words: "the weights".</param>
    /// <exception cref="InsufficientMemoryException">The card has not so much left.</exception>
    public DeviceBuffer(CudaDevice device, long bytes, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        device.MakeCurrent();
        Bytes = bytes;
        CudaResult result = CudaDriver.cuMemAlloc_v2(out nint address, (nuint)bytes);
        if (result == CudaResult.OutOfMemory) throw OutOfMemory(device, bytes, purpose);
        CudaException.Check(result, nameof(CudaDriver.cuMemAlloc_v2));
        Address = address;
    }

    public nint Address { get; private set; }

    public long Bytes { get; }

    /// <summary>As many bytes as keep what comes after them aligned.</summary>
    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>The error of too little memory.</summary>
    public static InsufficientMemoryException OutOfMemory(CudaDevice device, long bytes, string purpose) => new(
        $"{device.Name} has no memory for {purpose}: needs {Gigabytes(bytes)}, the card has {Gigabytes(device.FreeBytes)} free of {Gigabytes(device.TotalBytes)}. "
        + "Keep fewer layers on the card, ask for a shorter context or less KV cache, or use a smaller quantisation.");

    public void Dispose()
    {
        if (Address != 0) CudaDriver.cuMemFree_v2(Address);
        Address = 0;
    }

    private static string Gigabytes(long bytes) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0##} GB");
}
