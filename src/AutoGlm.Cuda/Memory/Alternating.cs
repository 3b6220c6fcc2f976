namespace AutoGlm.Cuda.Memory;

/// <summary>Two page-locked buffers in turn: one is written while the card may still read the other.</summary>
internal sealed class Alternating(CudaDevice device, long bytes) : IDisposable
{
    private readonly PinnedBuffer[] _buffers = [new(device, bytes), new(device, bytes)];
    private int _next;

    public long Bytes => bytes;

    /// <summary>The buffer whose turn it is.</summary>
    public PinnedBuffer Next() => _buffers[_next ^= 1];

    public void Dispose()
    {
        foreach (PinnedBuffer buffer in _buffers) buffer.Dispose();
    }
}
