using AutoGlm.Cuda.Memory;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda;

/// <summary>KV blocks in a card's memory. Copies within it are queued after the steps that were run before; transfers run on a stream of their own.</summary>
internal sealed class CudaKvMemory : IAsyncKvMemory
{
    private readonly CudaDevice _device;
    private readonly CudaStream _compute;
    private readonly CudaStream _transfers;
    private readonly PinnedBuffer _staging;
    private readonly DeviceBuffer _blocks;
    private readonly CudaEvent _reached;

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
        _reached = new CudaEvent();
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

    public IKvStaging CreateStaging(int blocks) => new CudaKvStaging(_device, Layout.BlockBytes, blocks);

    public IKvTransfer BeginRead(int block, IKvStaging staging, int slot)
    {
        (nint card, nint host) = (AddressOf(block), Own(staging).AddressOf(slot));
        AfterSteps();
        _transfers.Download(host, card, Layout.BlockBytes);
        return Mark();
    }

    public IKvTransfer BeginWrite(int block, IKvStaging staging, int slot)
    {
        (nint card, nint host) = (AddressOf(block), Own(staging).AddressOf(slot));
        AfterSteps();
        _transfers.Upload(card, host, Layout.BlockBytes);
        CudaKvTransfer transfer = Mark(out CudaEvent done);
        _compute.Wait(done);
        return transfer;
    }

    public void Dispose()
    {
        _device.MakeCurrent();
        _compute.Synchronize();
        _transfers.Synchronize();
        _reached.Dispose();
        _transfers.Dispose();
        _staging.Dispose();
        _blocks.Dispose();
    }

    private static CudaKvStaging Own(IKvStaging staging) => staging as CudaKvStaging ?? throw new ArgumentException("The staging memory is another backend's.", nameof(staging));

    /// <summary>Lets the transfers that follow wait for the steps that are queued, and for nothing that is queued later.</summary>
    private void AfterSteps()
    {
        _device.MakeCurrent();
        _reached.Record(_compute);
        _transfers.Wait(_reached);
    }

    private CudaKvTransfer Mark() => Mark(out _);

    private CudaKvTransfer Mark(out CudaEvent done)
    {
        done = new CudaEvent();
        done.Record(_transfers);
        return new CudaKvTransfer(_device, done);
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
