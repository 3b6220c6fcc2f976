using AutoGlm.Cuda.Bindings;

namespace AutoGlm.Cuda;

/// <summary>A place in a stream that others can wait for, or time from.</summary>
public sealed class CudaEvent : IDisposable
{
    private const uint BlockingSync = 1, DisableTiming = 2;

    private nint _handle;

    /// <param name="timing">True to time with it; waiting alone is cheaper without.</param>
    public CudaEvent(bool timing = false) => CudaException.Check(CudaDriver.cuEventCreate(out _handle, timing ? 0 : DisableTiming));

    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>True where what was queued before <see cref="Record"/> is done.</summary>
    public bool IsDone
    {
        get
        {
            CudaResult result = CudaDriver.cuEventQuery(Handle);
            if (result == CudaResult.NotReady) return false;
            CudaException.Check(result, nameof(CudaDriver.cuEventQuery));
            return true;
        }
    }

    /// <summary>Places it after what is queued in a stream.</summary>
    public void Record(CudaStream stream) => CudaException.Check(CudaDriver.cuEventRecord(Handle, stream.Handle));

    /// <summary>Waits until it is passed.</summary>
    public void Synchronize() => CudaException.Check(CudaDriver.cuEventSynchronize(Handle));

    /// <summary>Milliseconds from another event to this one, both passed and made for timing.</summary>
    public float MillisecondsSince(CudaEvent start)
    {
        CudaException.Check(CudaDriver.cuEventElapsedTime(out float milliseconds, start.Handle, Handle));
        return milliseconds;
    }

    public void Dispose()
    {
        if (_handle != 0) CudaDriver.cuEventDestroy_v2(_handle);
        _handle = 0;
    }
}
