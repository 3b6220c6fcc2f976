using System.Runtime.InteropServices;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.KvCache.Tests;

/// <summary>KV memory in plain arrays: a number a token, standing for its keys and values.</summary>
internal sealed class HostMemory(int blocks, int blockTokens) : IKvMemory
{
    private readonly byte[][] _blocks = [.. Enumerable.Range(0, blocks).Select(_ => new byte[sizeof(long) * blockTokens])];

    public KvLayout Layout { get; } = KvLayout.For(SmallestGraph(), KvType.F32, blockTokens);

    public int BlockCount => _blocks.Length;

    public ref long this[int block, int token] => ref MemoryMarshal.Cast<byte, long>(_blocks[block].AsSpan())[token];

    public void Copy(int from, int to) => _blocks[from].CopyTo(_blocks[to], 0);

    public void Read(int block, Span<byte> destination) => _blocks[block].CopyTo(destination);

    public void Write(int block, ReadOnlySpan<byte> source) => source.CopyTo(_blocks[block]);

    public void Dispose()
    {
    }

    private static ComputationGraph SmallestGraph()
    {
        AttentionShape shape = new() { Layer = 0, Heads = 1, KvHeads = 1, KeySize = 1, ValueSize = 1, Scale = 1 };
        Value x = new(0);
        return new ComputationGraph("smallest", [new Embed(new Weight("table", 1, 1)) { Width = 1 }, new Attention(x, x, x, shape) { Width = 1 }], new Value(1));
    }
}
