namespace AutoGlm.Graph.Execution.Split;

/// <summary>KV blocks whose first layers are in one memory, and the rest in another. A block's bytes are as if it were in one.</summary>
internal sealed class SplitKvMemory(KvLayout layout, IKvMemory front, IKvMemory back) : IKvMemory
{
    public KvLayout Layout => layout;

    public int BlockCount => front.BlockCount;

    public IKvMemory Front => front;

    public IKvMemory Back => back;

    private int FrontBytes => checked((int)front.Layout.BlockBytes);

    public void Copy(int from, int to)
    {
        front.Copy(from, to);
        back.Copy(from, to);
    }

    public void Read(int block, Span<byte> destination)
    {
        front.Read(block, destination[..FrontBytes]);
        back.Read(block, destination[FrontBytes..]);
    }

    public void Write(int block, ReadOnlySpan<byte> source)
    {
        if (source.Length != layout.BlockBytes) throw new ArgumentException($"A block has {layout.BlockBytes} bytes, not {source.Length}.", nameof(source));
        front.Write(block, source[..FrontBytes]);
        back.Write(block, source[FrontBytes..]);
    }

    public void Dispose()
    {
        front.Dispose();
        back.Dispose();
    }
}
