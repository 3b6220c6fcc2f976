using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Plan;

/// <summary>
/// Decides for each batch whether its attention is divided by (sequence, KV head) alone, or also by keys: few heads over a long
/// context would leave threads without work (one sequence of latent attention has one KV head).
/// </summary>
internal sealed unsafe class KeySplit(IEnumerable<AttentionShape> shapes, KvBinding kv, int threads)
{
    /// <summary>How much longer than the average the busiest thread may take: splitting costs two barriers a layer.</summary>
    private const double Imbalance = 1.15;

    /// <summary>Floats that chunks may leave, at most.</summary>
    private const long MostPartials = 16 << 20;

    /// <summary>Layers that divide alike count once.</summary>
    private readonly AttentionShape[] _shapes = Distinct(shapes);

    /// <summary>True where keys should be split; there is memory for it then.</summary>
    public bool Decide(QueryRows* sequences, int count)
    {
        if (threads == 1) return false;
        int* loads = stackalloc int[threads];
        bool gains = false;
        long floats = 0;
        foreach (AttentionShape shape in _shapes)
        {
            AttentionArgs args = new()
            {
                Layout = kv[shape.Layer],
                Sequences = sequences,
                SequenceCount = count,
                Heads = shape.Heads,
                Window = shape.Window,
                Causal = true,
            };
            gains |= Gains(args, loads);
            floats = Math.Max(floats, PagedAttention.PartialFloats(args));
        }

        if (!gains || floats > MostPartials) return false;
        kv.ReservePartials(floats);
        return true;
    }

    private static AttentionShape[] Distinct(IEnumerable<AttentionShape> shapes)
    {
        List<AttentionShape> distinct = [];
        foreach (AttentionShape shape in shapes)
        {
            if (!distinct.Exists(Alike)) distinct.Add(shape);

            bool Alike(AttentionShape other) =>
                other.Heads == shape.Heads && other.KvHeads == shape.KvHeads && other.KeySize == shape.KeySize && other.ValueSize == shape.ValueSize && other.Window == shape.Window;
        }

        return [.. distinct];
    }

    /// <summary>Items go to threads in turn: what the busiest gets, in chunks, against an even share.</summary>
    private bool Gains(in AttentionArgs args, int* loads)
    {
        new Span<int>(loads, threads).Clear();
        int item = 0;
        long all = 0;
        for (AttentionItems items = new(in args); items.MoveNext(); item++)
        {
            loads[item % threads] += items.Chunks;
            all += items.Chunks;
        }

        int most = 0;
        for (int i = 0; i < threads; i++) most = Math.Max(most, loads[i]);
        long even = (all + threads - 1) / threads;
        return most > even && most > Imbalance * even;
    }
}
