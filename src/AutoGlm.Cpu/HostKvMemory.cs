using System.Runtime.InteropServices;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu;

/// <summary>KV blocks in host memory. The operating system commits pages as they are first written.</summary>
public sealed unsafe class HostKvMemory : IAsyncKvMemory
{
    private const int Alignment = 64;

    private byte* _start;

    /// <exception cref="InsufficientMemoryException">The system has not so much memory to give.</exception>
    public HostKvMemory(KvLayout layout, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        Layout = layout;
        BlockCount = blocks;
        try
        {
            _start = (byte*)NativeMemory.AlignedAlloc(checked((nuint)(layout.BlockBytes * blocks)), Alignment);
        }
        catch (OutOfMemoryException)
        {
            throw new InsufficientMemoryException($"The KV cache asks for {layout.BlockBytes * blocks / 1048576:N0} MiB, which the system does not have; ask for a shorter context.");
        }
    }

    public KvLayout Layout { get; }

    public int BlockCount { get; }

    /// <summary>Address of a block.</summary>
    internal byte* this[int block]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null, this);
            if ((uint)block >= (uint)BlockCount) throw new ArgumentOutOfRangeException(nameof(block), block, $"There are {BlockCount} blocks.");
            return _start + block * Layout.BlockBytes;
        }
    }

    public void Copy(int from, int to) => Span(from).CopyTo(Span(to));

    public void Read(int block, Span<byte> destination) => Span(block).CopyTo(destination);

    public void Write(int block, ReadOnlySpan<byte> source)
    {
        if (source.Length != Layout.BlockBytes) throw new ArgumentException($"A block has {Layout.BlockBytes} bytes, not {source.Length}.", nameof(source));
        source.CopyTo(Span(block));
    }

    public IKvStaging CreateStaging(int blocks) => new HostKvStaging(Layout, blocks);

    public IKvTransfer BeginRead(int block, IKvStaging staging, int slot)
    {
        Read(block, staging[slot]);
        return HostKvTransfer.Done;
    }

    public IKvTransfer BeginWrite(int block, IKvStaging staging, int slot)
    {
        Write(block, staging[slot]);
        return HostKvTransfer.Done;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }

    private Span<byte> Span(int block) => new(this[block], checked((int)Layout.BlockBytes));
}
