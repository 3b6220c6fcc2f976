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

    /// <summary>How keys are turned before they are stored.</summary>
    public Rotation Rotation;

    /// <summary>Of the thread, a key long; not needed where nothing is rotated.</summary>
    public float* Scratch;
}

internal static unsafe class KvWriter
{
    /// <summary>Writes this thread's share of the rows.</summary>
    public static void Run<T>(in KvWriteArgs args, int thread, int threads) where T : unmanaged, ILanes<T>
    {
        switch (args.Layout.Type)
        {
            case KvType.F32: Run<T, KvF32>(args, thread, threads); break;
            case KvType.Q8_0: Run<T, KvQ8>(args, thread, threads); break;
            default: Run<T, KvF16>(args, thread, threads); break;
        }
    }

    private static void Run<T, TElement>(in KvWriteArgs args, int thread, int threads)
        where T : unmanaged, ILanes<T>
        where TElement : struct, IKvElement<TElement>
    {
        KvView layout = args.Layout;
        for (int s = 0; s < args.SequenceCount; s++)
        {
            QueryRows sequence = args.Sequences[s];
            (int row, int end) = WorkRange.Of(sequence.Rows * layout.KvHeads, thread, threads);
            for (; row < end; row++)
            {
                (int n, int head) = Math.DivRem(row, layout.KvHeads);
                float* key = args.Keys[sequence.Row + n] + head * layout.KeySize;
                if (args.Rotation.Dimensions > 0)
                {
                    Rope.Copy<T>(key, args.Scratch, layout.KeySize, args.Rotation, sequence.Row + n);
                    key = args.Scratch;
                }

                TElement.Store<T>(key, layout.Key<TElement>(sequence, head, sequence.Position + n), layout.KeySize);
                if (layout.ValuesAreKeys) continue;
                TElement.Store<T>(args.Values[sequence.Row + n] + head * layout.ValueSize, layout.Value<TElement>(sequence, head, sequence.Position + n), layout.ValueSize);
            }
        }
    }
}
