using AutoGlm.Cuda.Memory;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda;

/// <summary>KV blocks in a card's memory. Copies within it are queued after the steps that were run before; transfers run on a stream of their own.</summary>
internal sealed class CudaKvMemory : IKvMemory
{
    private readonly CudaDevice _device;
    private readonly CudaStream _compute;
    private readonly CudaStream _transfers;
    private readonly PinnedBuffer _staging;
    private readonly DeviceBuffer _blocks;

    /// <exception cref="InsufficientMemoryException">The card has not so much memory.</exception>
    public CudaKvMemory(CudaDevice device, CudaStream compute, KvLayout layout, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        _device = device;
        _compute = compute;
        Layout = layout;
        BlockCount = blocks;
        _blocks = new DeviceBuffer(device, checked(layout.BlockBytes * blocks), $"the KV cache of {blocks} blocks");
        _staging = new PinnedBuffer(device, layout.BlockBytes);
        _transfers = new CudaStream();
        compute.Fill(_blocks.Address, 0, _blocks.Bytes);
    }

    public KvLayout Layout { get; }

    public int BlockCount { get; }

    /// <summary>Address of block 0.</summary>
    public nint Address => _blocks.Address;

    public void Copy(int from, int to)
    {
        _device.MakeCurrent();
        _compute.Copy(AddressOf(to), AddressOf(from), Layout.BlockBytes);
    }

    public void Read(int block, Span<byte> destination)
    {
        Span<byte> staged = Begin();
        _transfers.Download(_staging.Address, AddressOf(block), Layout.BlockBytes);
        _transfers.Synchronize();
        staged.CopyTo(destination);
    }

    public void Write(int block, ReadOnlySpan<byte> source)
    {
        if (source.Length != Layout.BlockBytes) throw new ArgumentException($"A block has {Layout.BlockBytes} bytes, not {source.Length}.", nameof(source));
        source.CopyTo(Begin());
        _transfers.Upload(AddressOf(block), _staging.Address, Layout.BlockBytes);
        _transfers.Synchronize();
    }

    public void Dispose()
    {
        _device.MakeCurrent();
        _compute.Synchronize();
        _transfers.Dispose();
        _staging.Dispose();
        _blocks.Dispose();
    }

    /// <summary>Waits for what is queued on the blocks.</summary>
    private Span<byte> Begin()
    {
        _device.MakeCurrent();
        _compute.Synchronize();
        return _staging.Span<byte>(0, checked((int)Layout.BlockBytes));
    }

    private nint AddressOf(int block)
    {
        if ((uint)block >= (uint)BlockCount) throw new ArgumentOutOfRangeException(nameof(block), block, $"There are {BlockCount} blocks.");
        return _blocks.Address + (nint)(block * Layout.BlockBytes);
    }
}
