using AutoGlm.Cuda.Memory;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda;

/// <summary>Blocks in page-locked memory of the host.</summary>
internal sealed class CudaKvStaging : IKvStaging
{
    private readonly PinnedBuffer _buffer;
    private readonly long _blockBytes;

    public CudaKvStaging(CudaDevice device, long blockBytes, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        (_blockBytes, BlockCount) = (blockBytes, blocks);
        _buffer = new PinnedBuffer(device, checked(blockBytes * blocks));
    }

    public int BlockCount { get; }

    public Span<byte> this[int slot] => _buffer.Span<byte>(Offset(slot), checked((int)_blockBytes));

    public nint AddressOf(int slot) => _buffer.Address + (nint)Offset(slot);

    public void Dispose() => _buffer.Dispose();

    private long Offset(int slot) => (uint)slot < (uint)BlockCount ? slot * _blockBytes : throw new ArgumentOutOfRangeException(nameof(slot), slot, $"There are {BlockCount} blocks.");
}

/// <summary>A copy on a stream, and the event behind it.</summary>
internal sealed class CudaKvTransfer(CudaDevice device, CudaEvent done) : IKvTransfer
{
    private bool _disposed;

    public bool IsDone
    {
        get
        {
            device.MakeCurrent();
            return _disposed || done.IsDone;
        }
    }

    public void Wait()
    {
        if (_disposed) return;
        device.MakeCurrent();
        done.Synchronize();
    }

    public void Dispose()
    {
        if (_disposed) return;
        Wait();
        done.Dispose();
        _disposed = true;
    }
}
