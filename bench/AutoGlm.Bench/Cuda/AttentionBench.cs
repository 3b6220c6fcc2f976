using AutoGlm.Cuda;
using AutoGlm.Cuda.FlashAttention;
using AutoGlm.Cuda.Measuring;
using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Bench.Cuda;

/// <summary>Times attention of one shape on a card, over so many layers of random keys that no cache holds them.</summary>
internal sealed class AttentionBench(CudaDevice device, KernelLibrary kernels, CudaStream stream) : IDisposable
{
    private const int BlockTokens = 16, Launches = 16, Repeats = 9;
    private const long LeastBytes = 400 << 20;

    private readonly List<IDisposable> _owned = [];

    /// <param name="sequences">How many.</param>
    /// <param name="rows">New tokens of each.</param>
    /// <param name="context">Tokens of each before them.</param>
    /// <param name="type">Type of keys and values.</param>
    /// <returns>Median seconds of a layer, the bytes of keys and values it must read, and its floating-point operations.</returns>
    public (double Seconds, double Bytes, double Operations) Run(AttentionShape shape, KvType type, int sequences, int rows, int context)
    {
        int blocks = (context + rows + BlockTokens - 1) / BlockTokens;
        double bytes = KvLayout.For(Graph(shape, 1), type, BlockTokens).BlockBytes * (double)(context + rows) / BlockTokens * sequences;
        int layers = (int)Math.Clamp(LeastBytes / (long)bytes + 1, 2, 32);
        KvLayout layout = KvLayout.For(Graph(shape, layers), type, BlockTokens);
        ForwardBatch batch = new();
        for (int i = 0; i < sequences; i++)
            batch.Add(new int[rows], context, [.. Enumerable.Range(i * blocks, blocks)], BlockTokens, LogitRows.None);

        using AttentionLauncher launcher = new(device, kernels, shape, type, BlockTokens, batch.RowCount);
        AttentionArgs args = new()
        {
            Q = Random((long)batch.RowCount * shape.Heads * shape.KeySize * sizeof(float), KvType.F32),
            Y = Random((long)batch.RowCount * shape.Heads * shape.ValueSize * sizeof(float), KvType.F32),
            Kv = Random(layout.BlockBytes * blocks * sequences, type),
            Tables = Upload(batch.BlockTables),
            BlockBytes = layout.BlockBytes,
            QStride = shape.Heads * shape.KeySize,
            YStride = shape.Heads * shape.ValueSize,
            BlockTokens = BlockTokens,
        };
        launcher.Send(stream, batch);
        double seconds = Time(launch => launcher.Launch(stream, OfLayer(args, layout.Layers[launch % layers]), overlap: device.ComputeCapability.Major >= 9));
        Release();
        double seen = context + (rows + 1) / 2.0;
        return (seconds, bytes, 2.0 * sequences * rows * seen * shape.Heads * (shape.KeySize + shape.ValueSize));
    }

    /// <summary>Bytes per second of a copy within the card, read and written.</summary>
    public double CopyRate()
    {
        const long Bytes = 1 << 30;
        nint from = Random(Bytes, KvType.F32), to = Random(Bytes, KvType.F32);
        double seconds = Time(_ => stream.Copy(to, from, Bytes));
        Release();
        return 2 * Bytes / seconds;
    }

    public void Dispose() => Release();

    private static AttentionArgs OfLayer(AttentionArgs args, KvLayerLayout layer) => args with
    {
        KeyOffset = layer.KeyOffset,
        KeyScaleOffset = layer.KeyScaleOffset,
        ValueOffset = layer.ValueOffset,
        ValueScaleOffset = layer.ValueScaleOffset,
    };

    private static ComputationGraph Graph(AttentionShape shape, int layers)
    {
        Embed rows = new(new Weight("table", 1, shape.Heads * shape.KeySize)) { Width = shape.Heads * shape.KeySize };
        Slice keys = new(new Value(0), 1, 0) { Width = shape.KvHeads * shape.KeySize }, values = keys with { Width = shape.KvHeads * shape.ValueSize };
        IEnumerable<Node> attentions = Enumerable.Range(0, layers).Select(layer =>
            new Graph.Nodes.Attention(new Value(0), new Value(1), new Value(2), shape with { Layer = layer }) { Width = shape.Heads * shape.ValueSize });
        return new ComputationGraph("attention", [rows, keys, values, .. attentions], new Value(0));
    }

    private double Time(Action<int> launch)
    {
        int next = 0;
        return StreamTimer.Median(stream, Repeats, () =>
        {
            for (int i = 0; i < Launches; i++) launch(next++);
        }) / Launches;
    }

    /// <summary>A megabyte of random numbers of about unit size, again and again.</summary>
    private nint Random(long bytes, KvType type)
    {
        const int Chunk = 1 << 20;
        DeviceBuffer buffer = Own(new DeviceBuffer(device, bytes, "a benchmark"));
        using PinnedBuffer host = new(device, Chunk);
        Random random = new(1);
        Span<byte> chunk = host.Span<byte>(0, Chunk);
        if (type == KvType.F32) foreach (ref float value in host.Span<float>(0, Chunk / sizeof(float))) value = 2 * random.NextSingle() - 1;
        else foreach (ref Half value in host.Span<Half>(0, Chunk / 2)) value = (Half)(2 * random.NextSingle() - 1);
        for (long at = 0; at < bytes; at += Chunk) stream.Upload(buffer.Address + (nint)at, host.Address, Math.Min(Chunk, bytes - at));
        stream.Synchronize();
        return buffer.Address;
    }

    private nint Upload(ReadOnlySpan<int> values)
    {
        DeviceBuffer buffer = Own(new DeviceBuffer(device, values.Length * sizeof(int), "a benchmark"));
        using PinnedBuffer host = new(device, buffer.Bytes);
        values.CopyTo(host.Span<int>(0, values.Length));
        stream.Upload(buffer.Address, host.Address, buffer.Bytes);
        stream.Synchronize();
        return buffer.Address;
    }

    private T Own<T>(T item) where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }

    private void Release()
    {
        stream.Synchronize();
        foreach (IDisposable item in _owned) item.Dispose();
        _owned.Clear();
    }
}
