using AutoGlm.Cpu;
using AutoGlm.Cpu.Reference;
using AutoGlm.Cuda.Elementwise;
using AutoGlm.Cuda.FlashAttention;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Tests.FlashAttention;

/// <summary>The attention kernels against the definition, over random paged contexts.</summary>
public class AttentionLauncherTests
{
    public static TheoryData<KvType, int, int, int, int, int, int, float, bool> Shapes => new()
    {
        // type, heads, key heads, key and value size, block, window, cap, value in key
        { KvType.F32, 4, 2, 64, 64, 16, 0, 0, false },
        { KvType.F32, 6, 3, 40, 24, 5, 20, 10, false },
        { KvType.F32, 20, 1, 96, 64, 16, 0, 0, true },
        { KvType.F16, 4, 4, 32, 32, 16, 0, 0, false },
        { KvType.F16, 9, 3, 64, 64, 16, 0, 0, false },
        { KvType.F16, 8, 2, 128, 128, 16, 0, 0, false },
        { KvType.F16, 8, 8, 80, 80, 32, 50, 0, false },
        { KvType.F16, 16, 1, 128, 96, 48, 0, 30, false },
        { KvType.F16, 40, 2, 64, 64, 16, 100, 0, false },
        { KvType.F16, 4, 1, 256, 256, 16, 0, 50, false },
        { KvType.F16, 4, 2, 192, 128, 16, 0, 0, false },
        { KvType.F16, 3, 3, 36, 20, 7, 0, 0, false },
        { KvType.F16, 16, 1, 576, 512, 16, 0, 0, true },
        { KvType.Q8_0, 8, 2, 128, 128, 16, 0, 0, false },
        { KvType.Q8_0, 6, 3, 64, 96, 16, 40, 20, false },
        { KvType.Q8_0, 9, 3, 64, 64, 32, 0, 0, false },
        { KvType.Q8_0, 4, 1, 256, 256, 16, 0, 0, false },
        { KvType.Q8_0, 4, 2, 64, 64, 7, 0, 0, false },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Results_are_those_of_the_definition(KvType type, int heads, int kvHeads, int keySize, int valueSize, int blockTokens, int window, float cap, bool valueInKey)
    {
        using Card card = new();
        foreach (bool sinks in new[] { false, true })
        {
            AttentionShape shape = new()
            {
                Layer = 1,
                Heads = heads,
                KvHeads = kvHeads,
                KeySize = keySize,
                ValueSize = valueSize,
                Scale = 1 / MathF.Sqrt(keySize),
                Window = window,
                SoftCap = cap,
                ValueInKey = valueInKey,
                Sinks = sinks ? new Weight("sinks", heads) : null,
            };
            KvLayout layout = KvLayout.For(Graph(shape), type, blockTokens);
            foreach ((int Rows, int Position)[] sequences in Batches()) Check(card, shape, layout, sequences);
        }
    }

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.Q8_0)]
    public void Contexts_of_128k_tokens_are_read(KvType type)
    {
        using Card card = new();
        AttentionShape shape = new() { Layer = 1, Heads = 4, KvHeads = 1, KeySize = 64, ValueSize = 64, Scale = 0.125f };
        KvLayout layout = KvLayout.For(Graph(shape), type, 16);
        (int Rows, int Position)[][] batches = [[(1, 131071)], [(1, 131071), (1, 3), (3, 100_000)], [(33, 131072 - 33), (1, 70_000)]];
        foreach ((int Rows, int Position)[] sequences in batches) Check(card, shape, layout, sequences);
    }

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.F16)]
    [InlineData(KvType.Q8_0)]
    public void Keys_and_values_are_stored_as_by_the_definition(KvType type)
    {
        using Card card = new();
        AttentionShape shape = new() { Layer = 1, Heads = 4, KvHeads = 2, KeySize = 96, ValueSize = 64, Scale = 0.1f };
        KvLayout layout = KvLayout.For(Graph(shape), type, 16);
        ForwardBatch batch = new();
        batch.Add(new int[20], 7, [2, 0], 16, LogitRows.None);
        batch.Add(new int[1], 33, [4, 5, 1], 16, LogitRows.None);
        using HostKvMemory kv = new(layout, 6);
        for (int i = 0; i < kv.BlockCount; i++) kv.Write(i, new byte[layout.BlockBytes]);
        byte[] before = Bytes(kv);
        Random random = new(3);
        float[] k = Numbers.Random(random, 21 * 2 * 96, 3), v = Numbers.Random(random, 21 * 2 * 64), q = new float[21 * 4 * 96];
        (k[5], k[77]) = (1e6f, -1e-9f);
        ReferenceAttention.Run(shape, q, k, v, [], batch, kv, new float[21 * 4 * 64]);

        nint blocks = card.Upload(before);
        KvLayerLayout layer = layout.Layers[1];
        new RopeLauncher(card.Kernels).Launch(card.Stream, new RopeArgs
        {
            K = card.Upload(k),
            V = card.Upload(v),
            Positions = card.Upload([.. batch.Positions, -1]),
            RowTables = card.Upload([.. Enumerable.Repeat(0, 20), 2, 0]),
            Tables = card.Upload(batch.BlockTables),
            Kv = blocks,
            BlockBytes = layout.BlockBytes,
            KeyOffset = layer.KeyOffset,
            KeyScaleOffset = layer.KeyScaleOffset,
            ValueOffset = layer.ValueOffset,
            ValueScaleOffset = layer.ValueScaleOffset,
            KStride = 2 * 96,
            VStride = 2 * 64,
            KvHeads = 2,
            KeySize = 96,
            ValueSize = 64,
            BlockTokens = 16,
            Rows = 22,
        }, type);

        Assert.Equal(Bytes(kv), card.Download<byte>(blocks, before.Length));
    }

    private static IEnumerable<(int Rows, int Position)[]> Batches() =>
    [
        [(1, 0)],
        [(1, 5), (1, 16), (2, 15), (1, 700), (3, 33)],
        [(57, 0), (1, 31), (130, 64)],
    ];

    private static void Check(Card card, AttentionShape shape, KvLayout layout, (int Rows, int Position)[] sequences)
    {
        Random random = new(shape.Heads * 1000 + sequences.Length);
        int blocks = sequences.Sum(sequence => (sequence.Rows + sequence.Position + layout.BlockTokens - 1) / layout.BlockTokens);
        int[] order = [.. Enumerable.Range(0, blocks)];
        random.Shuffle(order);
        ForwardBatch batch = new();
        int next = 0;
        foreach ((int rows, int position) in sequences)
        {
            int count = (rows + position + layout.BlockTokens - 1) / layout.BlockTokens;
            batch.Add(new int[rows], position, order.AsSpan(next, count), layout.BlockTokens, LogitRows.None);
            next += count;
        }

        using HostKvMemory kv = new(layout, blocks);
        Fill(kv, random);
        float[] q = Numbers.Random(random, batch.RowCount * shape.Heads * shape.KeySize, 2);
        float[] k = Numbers.Random(random, batch.RowCount * shape.KvHeads * shape.KeySize), v = Numbers.Random(random, batch.RowCount * shape.KvHeads * shape.ValueSize);
        float[] sinks = shape.Sinks is null ? [] : Numbers.Random(random, shape.Heads);
        float[] expected = new float[batch.RowCount * shape.Heads * shape.ValueSize];
        ReferenceAttention.Run(shape, q, k, v, sinks, batch, kv, expected);

        using AttentionLauncher launcher = new(card.Device, card.Kernels, shape, layout.Type, layout.BlockTokens, batch.RowCount);
        KvLayerLayout layer = layout.Layers[shape.Layer];
        nint y = card.Poisoned(expected.Length * sizeof(float));
        AttentionArgs args = new()
        {
            Q = card.Upload(q),
            Y = y,
            Kv = card.Upload(Bytes(kv)),
            Tables = card.Upload(batch.BlockTables),
            Sinks = sinks.Length == 0 ? 0 : card.Upload(sinks),
            BlockBytes = layout.BlockBytes,
            KeyOffset = layer.KeyOffset,
            KeyScaleOffset = layer.KeyScaleOffset,
            ValueOffset = layer.ValueOffset,
            ValueScaleOffset = layer.ValueScaleOffset,
            QStride = shape.Heads * shape.KeySize,
            YStride = shape.Heads * shape.ValueSize,
            BlockTokens = layout.BlockTokens,
        };
        launcher.Send(card.Stream, batch);
        launcher.Launch(card.Stream, args);
        bool many = sequences.Any(sequence => sequence.Rows > 16);
        // Prefill rounds queries and weights to halves; so do bytes of keys, times their scales.
        double tolerance = many && layout.Type != KvType.F32 ? 2e-3 : layout.Type == KvType.Q8_0 ? 1e-3 : 2e-5;
        Numbers.AssertClose(expected, card.Download<float>(y, expected.Length), tolerance, $"{shape} of {string.Join(' ', sequences)}");

        if (sequences.Any(sequence => sequence.Rows > 1)) return;
        card.Stream.Fill(y, 0xff, expected.Length * sizeof(float));
        launcher.Launch(card.Stream, args, graphRows: batch.RowCount + 3);
        Numbers.AssertClose(expected, card.Download<float>(y, expected.Length), tolerance, $"{shape} as a graph's");
    }

    /// <summary>Two layers, so that the one in question does not begin at 0.</summary>
    private static ComputationGraph Graph(AttentionShape shape)
    {
        AutoGlm.Graph.Tests.GraphBuilder builder = new();
        Value x = builder.Embed("table", 8, shape.Heads * shape.KeySize);
        Value k = builder.Slice(x, 0, shape.KvHeads * shape.KeySize), v = builder.Slice(x, 0, shape.KvHeads * shape.ValueSize);
        foreach (int layer in new[] { 0, 1 })
            builder.Append(new AutoGlm.Graph.Nodes.Attention(x, k, shape.ValueInKey ? null : v, shape with { Layer = layer, Sinks = null }) { Width = shape.Heads * shape.ValueSize });
        return builder.Finish(x);
    }

    private static void Fill(HostKvMemory kv, Random random)
    {
        byte[] block = new byte[kv.Layout.BlockBytes];
        for (int i = 0; i < kv.BlockCount; i++)
        {
            // Any byte is a number of Q8_0; where its scales are, small halves.
            if (kv.Layout.Type == KvType.Q8_0) random.NextBytes(block);
            if (kv.Layout.Type == KvType.F32) Buffer.BlockCopy(Numbers.Random(random, block.Length / sizeof(float)), 0, block, 0, block.Length);
            if (kv.Layout.Type == KvType.F16) Halves(random, block, 1);
            foreach (KvLayerLayout layer in kv.Layout.Type == KvType.Q8_0 ? kv.Layout.Layers : [])
            {
                Halves(random, block.AsSpan((int)layer.KeyScaleOffset, layer.KvHeads * kv.Layout.BlockTokens * layer.KeySize / 16), 0.01f);
                Halves(random, block.AsSpan((int)layer.ValueScaleOffset, layer.KvHeads * kv.Layout.BlockTokens * layer.ValueSize / 16), 0.01f);
            }

            kv.Write(i, block);
        }
    }

    private static void Halves(Random random, Span<byte> bytes, float scale)
    {
        float[] values = Numbers.Random(random, bytes.Length / 2, scale);
        for (int i = 0; i < values.Length; i++) BitConverter.TryWriteBytes(bytes[(2 * i)..], (Half)(scale < 1 ? Math.Abs(values[i]) : values[i]));
    }

    private static byte[] Bytes(HostKvMemory kv)
    {
        byte[] all = new byte[kv.Layout.BlockBytes * kv.BlockCount];
        for (int i = 0; i < kv.BlockCount; i++) kv.Read(i, all.AsSpan((int)(i * kv.Layout.BlockBytes), (int)kv.Layout.BlockBytes));
        return all;
    }
}
