using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Reference;

/// <summary>The definition of attention over paged blocks.</summary>
internal static unsafe class ReferenceAttention
{
    public static void Run(AttentionShape shape, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, ReadOnlySpan<float> sinks, ForwardBatch batch, HostKvMemory kv, Span<float> y)
    {
        KvLayerLayout layer = kv.Layout.Layers[shape.Layer];
        foreach (BatchSequence sequence in batch.Sequences)
        {
            ReadOnlySpan<int> blocks = batch.BlockTables.Slice(sequence.FirstBlock, sequence.BlockCount);
            for (int i = 0; i < sequence.RowCount; i++)
                Store(shape, layer, k, v, sequence.FirstRow + i, sequence.FirstPosition + i, blocks, kv);

            for (int i = 0; i < sequence.RowCount; i++)
            {
                for (int head = 0; head < shape.Heads; head++)
                    Attend(shape, layer, q, sinks, sequence.FirstRow + i, head, sequence.FirstPosition + i, blocks, kv, y);
            }
        }
    }

    private static void Store(AttentionShape shape, KvLayerLayout layer, ReadOnlySpan<float> k, ReadOnlySpan<float> v, int row, int position, ReadOnlySpan<int> blocks, HostKvMemory kv)
    {
        for (int head = 0; head < shape.KvHeads; head++)
        {
            Key(layer, head, position, blocks, kv).Write(k.Slice((row * shape.KvHeads + head) * shape.KeySize, shape.KeySize));
            if (shape.ValueInKey) continue;
            Value(layer, head, position, blocks, kv).Write(v.Slice((row * shape.KvHeads + head) * shape.ValueSize, shape.ValueSize));
        }
    }

    private static void Attend(AttentionShape shape, KvLayerLayout layer, ReadOnlySpan<float> q, ReadOnlySpan<float> sinks, int row, int head, int position, ReadOnlySpan<int> blocks, HostKvMemory kv, Span<float> y)
    {
        int kvHead = head / (shape.Heads / shape.KvHeads);
        int first = shape.Window > 0 ? Math.Max(0, position - shape.Window + 1) : 0;
        ReadOnlySpan<float> query = q.Slice((row * shape.Heads + head) * shape.KeySize, shape.KeySize);
        double[] scores = new double[position + 1 - first];
        for (int i = 0; i < scores.Length; i++)
        {
            double score = shape.Scale * ReferenceMath.Dot(query, Key(layer, kvHead, first + i, blocks, kv).Read(shape.KeySize));
            scores[i] = shape.SoftCap > 0 ? shape.SoftCap * Math.Tanh(score / shape.SoftCap) : score;
        }

        double most = sinks.IsEmpty ? scores.Max() : Math.Max(scores.Max(), sinks[head]);
        double total = sinks.IsEmpty ? 0 : Math.Exp(sinks[head] - most);
        double[] sum = new double[shape.ValueSize];
        for (int i = 0; i < scores.Length; i++)
        {
            double weight = Math.Exp(scores[i] - most);
            total += weight;
            float[] value = Value(layer, kvHead, first + i, blocks, kv).Read(shape.ValueSize);
            for (int c = 0; c < sum.Length; c++) sum[c] += weight * value[c];
        }

        Span<float> result = y.Slice((row * shape.Heads + head) * shape.ValueSize, shape.ValueSize);
        for (int c = 0; c < sum.Length; c++) result[c] = (float)(sum[c] / total);
    }

    private static KvPlace Key(KvLayerLayout layer, int head, int position, ReadOnlySpan<int> blocks, HostKvMemory kv) =>
        Place(layer.KeyOffset, layer.KeyScaleOffset, layer.KeySize, head, position, blocks, kv);

    private static KvPlace Value(KvLayerLayout layer, int head, int position, ReadOnlySpan<int> blocks, HostKvMemory kv) =>
        Place(layer.ValueOffset, layer.ValueScaleOffset, layer.ValueStride, head, position, blocks, kv);

    private static KvPlace Place(long offset, long scaleOffset, int columns, int head, int position, ReadOnlySpan<int> blocks, HostKvMemory kv)
    {
        KvLayout layout = kv.Layout;
        byte* start = kv[blocks[position / layout.BlockTokens]];
        long row = (long)head * layout.BlockTokens + position % layout.BlockTokens;
        return new KvPlace(start + offset + row * columns * KvLayout.ElementBytes(layout.Type), (Half*)(start + scaleOffset) + row * (columns / KvLayout.GroupLength), layout.Type);
    }

    /// <summary>Where a row of keys or values is.</summary>
    private readonly struct KvPlace(byte* numbers, Half* scales, KvType type)
    {
        public void Write(ReadOnlySpan<float> values) => ReferenceKv.Write(values, numbers, scales, type);

        public float[] Read(int count) => ReferenceKv.Read(numbers, scales, count, type);
    }
}
