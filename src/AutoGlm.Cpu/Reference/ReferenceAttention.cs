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
            Write(k.Slice((row * shape.KvHeads + head) * shape.KeySize, shape.KeySize), Address(layer.KeyOffset, shape.KeySize, head, position, blocks, kv), kv.Layout.Type);
            if (!shape.ValueInKey)
                Write(v.Slice((row * shape.KvHeads + head) * shape.ValueSize, shape.ValueSize), Address(layer.ValueOffset, shape.ValueSize, head, position, blocks, kv), kv.Layout.Type);
        }
    }

    private static void Attend(AttentionShape shape, KvLayerLayout layer, ReadOnlySpan<float> q, ReadOnlySpan<float> sinks, int row, int head, int position, ReadOnlySpan<int> blocks, HostKvMemory kv, Span<float> y)
    {
        int kvHead = head / (shape.Heads / shape.KvHeads);
        int first = shape.Window > 0 ? Math.Max(0, position - shape.Window + 1) : 0;
        int valueStride = shape.ValueInKey ? shape.KeySize : shape.ValueSize;
        ReadOnlySpan<float> query = q.Slice((row * shape.Heads + head) * shape.KeySize, shape.KeySize);
        double[] scores = new double[position + 1 - first];
        for (int i = 0; i < scores.Length; i++)
        {
            double score = shape.Scale * ReferenceMath.Dot(query, Read(Address(layer.KeyOffset, shape.KeySize, kvHead, first + i, blocks, kv), shape.KeySize, kv.Layout.Type));
            scores[i] = shape.SoftCap > 0 ? shape.SoftCap * Math.Tanh(score / shape.SoftCap) : score;
        }

        double most = sinks.IsEmpty ? scores.Max() : Math.Max(scores.Max(), sinks[head]);
        double total = sinks.IsEmpty ? 0 : Math.Exp(sinks[head] - most);
        double[] sum = new double[shape.ValueSize];
        for (int i = 0; i < scores.Length; i++)
        {
            double weight = Math.Exp(scores[i] - most);
            total += weight;
            float[] value = Read(Address(layer.ValueOffset, valueStride, kvHead, first + i, blocks, kv), shape.ValueSize, kv.Layout.Type);
            for (int c = 0; c < sum.Length; c++) sum[c] += weight * value[c];
        }

        Span<float> result = y.Slice((row * shape.Heads + head) * shape.ValueSize, shape.ValueSize);
        for (int c = 0; c < sum.Length; c++) result[c] = (float)(sum[c] / total);
    }

    private static byte* Address(long layerOffset, int size, int head, int position, ReadOnlySpan<int> blocks, HostKvMemory kv)
    {
        int tokens = kv.Layout.BlockTokens;
        long element = ((long)head * tokens + position % tokens) * size;
        return kv[blocks[position / tokens]] + layerOffset + element * KvLayout.ElementBytes(kv.Layout.Type);
    }

    private static void Write(ReadOnlySpan<float> values, byte* address, KvType type)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (type == KvType.F32) ((float*)address)[i] = values[i];
            else ((Half*)address)[i] = (Half)values[i];
        }
    }

    private static float[] Read(byte* address, int count, KvType type)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = type == KvType.F32 ? ((float*)address)[i] : (float)((Half*)address)[i];
        return values;
    }
}
