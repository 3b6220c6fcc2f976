using AutoGlm.Cuda.Bindings;

namespace AutoGlm.Cuda;

/// <summary>A queue of work for a card; work of different streams may overlap. The device is current where its members are called.</summary>
public sealed class CudaStream : IDisposable
{
    private const uint NonBlocking = 1;

    private nint _handle;

    public CudaStream() => CudaException.Check(CudaDriver.cuStreamCreateWithPriority(out _handle, NonBlocking, 0));

    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>Waits until all that was queued is done.</summary>
    public void Synchronize() => CudaException.Check(CudaDriver.cuStreamSynchronize(Handle));

    /// <summary>What is queued from here on waits for the event.</summary>
    public void Wait(CudaEvent until) => CudaException.Check(CudaDriver.cuStreamWaitEvent(Handle, until.Handle, 0));

    /// <summary>Copies from page-locked memory; the memory must stay as it is until the copy is done.</summary>
    public void Upload(nint device, nint host, long bytes)
    {
        if (bytes > 0) CudaException.Check(CudaDriver.cuMemcpyHtoDAsync_v2(device, host, (nuint)bytes, Handle));
    }

    /// <summary>Copies to page-locked memory.</summary>
    public void Download(nint host, nint device, long bytes)
    {
        if (bytes > 0) CudaException.Check(CudaDriver.cuMemcpyDtoHAsync_v2(host, device, (nuint)bytes, Handle));
    }

    public void Copy(nint to, nint from, long bytes)
    {
        if (bytes > 0) CudaException.Check(CudaDriver.cuMemcpyDtoDAsync_v2(to, from, (nuint)bytes, Handle));
    }

    public void Fill(nint device, byte value, long bytes)
    {
        if (bytes > 0) CudaException.Check(CudaDriver.cuMemsetD8Async(device, value, (nuint)bytes, Handle));
    }

    public void Dispose()
    {
        if (_handle != 0) CudaDriver.cuStreamDestroy_v2(_handle);
        _handle = 0;
    }
}
