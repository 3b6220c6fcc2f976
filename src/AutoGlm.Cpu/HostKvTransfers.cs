using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu;

/// <summary>Blocks beside a host's KV memory.</summary>
internal sealed class HostKvStaging(KvLayout layout, int blocks) : IKvStaging
{
    private readonly byte[][] _blocks = [.. Enumerable.Range(0, blocks).Select(_ => new byte[layout.BlockBytes])];

    public int BlockCount => _blocks.Length;

    public Span<byte> this[int slot] => _blocks[slot];

    public void Dispose()
    {
    }
}

/// <summary>A copy within the host's memory: done when it is begun.</summary>
internal sealed class HostKvTransfer : IKvTransfer
{
    public static HostKvTransfer Done { get; } = new();

    public bool IsDone => true;

    public void Wait()
    {
    }

    public void Dispose()
    {
    }
}
