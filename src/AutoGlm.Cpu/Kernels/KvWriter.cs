using System.Runtime.CompilerServices;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Kernels;

/// <summary>The new keys and values of a batch, to be put into the blocks of its sequences.</summary>
internal unsafe struct KvWriteArgs
{
    public KvView Layout;

    public QueryRows* Sequences;

    public int SequenceCount;

    /// <summary>[row][kv head][key size] and [row][kv head][value size]; values are not read where they are the keys'.</summary>
    public Rows Keys, Values;
}

internal static unsafe class KvWriter
{
    /// <summary>Writes this thread's share of the rows.</summary>
    public static void Run<T>(in KvWriteArgs args, int thread, int threads) where T : unmanaged, ILanes<T>
    {
        if (args.Layout.Type == KvType.F32) Run<T, KvF32>(args, thread, threads);
        else Run<T, KvF16>(args, thread, threads);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<T, TElement>(in KvWriteArgs args, int thread, int threads)
        where T : unmanaged, ILanes<T>
        where TElement : struct, IKvElement<TElement>
    {
        KvView layout = args.Layout;
        long keyHead = (long)layout.BlockTokens * layout.KeySize * TElement.Bytes;
        long valueHead = (long)layout.BlockTokens * layout.ValueStride * TElement.Bytes;
        for (int s = 0; s < args.SequenceCount; s++)
        {
            QueryRows sequence = args.Sequences[s];
            (int row, int end) = WorkRange.Of(sequence.Rows * layout.KvHeads, thread, threads);
            for (; row < end; row++)
            {
                (int n, int head) = Math.DivRem(row, layout.KvHeads);
                (int block, int token) = Math.DivRem(sequence.Position + n, layout.BlockTokens);
                byte* start = sequence.Blocks[block];
                byte* key = start + layout.KeyOffset + head * keyHead + (long)token * layout.KeySize * TElement.Bytes;
                Copy<T, TElement>(args.Keys[sequence.Row + n] + head * layout.KeySize, key, layout.KeySize);
                if (layout.ValuesAreKeys) continue;
                byte* value = start + layout.ValueOffset + head * valueHead + (long)token * layout.ValueStride * TElement.Bytes;
                Copy<T, TElement>(args.Values[sequence.Row + n] + head * layout.ValueSize, value, layout.ValueSize);
            }
        }
    }

    private static void Copy<T, TElement>(float* from, byte* to, int count)
        where T : unmanaged, ILanes<T>
        where TElement : struct, IKvElement<TElement>
    {
        int i = 0;
        for (; i + T.Count <= count; i += T.Count) TElement.Store(T.Load(from + i), to + i * TElement.Bytes);
        for (; i < count; i++) TElement.Store(LanesScalar.Load(from + i), to + i * TElement.Bytes);
    }
}
