using System.Runtime.CompilerServices;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Attention of a batch's query rows over the paged keys and values of their sequences.</summary>
internal unsafe struct AttentionArgs
{
    public KvView Layout;

    public QueryRows* Sequences;

    public int SequenceCount;

    /// <summary>[row][head][key size].</summary>
    public Rows Q;

    /// <summary>[row][head][value size].</summary>
    public Rows Y;

    /// <summary>Query heads: a multiple of the KV heads; neighbours share one.</summary>
    public int Heads;

    public float Scale;

    /// <summary>Scores become cap tanh(score / cap); 0 for none.</summary>
    public float SoftCap;

    /// <summary>Positions seen, the row's own included; 0 for all.</summary>
    public int Window;

    /// <summary>False: every row sees all tokens of its sequence (encoders).</summary>
    public bool Causal;

    /// <summary>One logit per head that takes part in the softmax and carries no value, or null.</summary>
    public float* Sinks;

    /// <summary>[thread][<see cref="PagedAttention.ScratchFloats"/>], 64-byte aligned.</summary>
    public float* Scratch;
}

/// <summary>
/// Flash attention (Dao et al. 2022) over paged blocks: scores of a tile of queries and 32 keys, softmax kept online, so
/// that neither scores nor gathered keys ever leave the first caches.
/// </summary>
/// <remarks>
/// A work item is (sequence, KV head, tile of up to 64 queries: neighbouring rows and the heads that share the KV head).
/// For many queries the keys of a tile are transposed to [dimension][key], so that lanes are keys in the scores and
/// nothing is summed across lanes; for the few of decoding the keys are read in place, once for four queries.
/// </remarks>
internal static unsafe class PagedAttention
{
    /// <summary>Queries and keys of a tile.</summary>
    internal const int TileQueries = 64, TileKeys = 32;

    /// <summary>Floats of scratch memory that each thread needs.</summary>
    public static long ScratchFloats(in KvView layout) =>
        TileKeys * ((long)layout.KeySize + Padded(layout.ValueSize)) + TileQueries * (TileKeys + (long)Padded(layout.ValueSize) + 16L);

    /// <summary>Runs this thread's share of the work items.</summary>
    public static void Run<T>(in AttentionArgs args, int thread, int threads) where T : unmanaged, ILanes<T>
    {
        float* scratch = args.Scratch + thread * ScratchFloats(args.Layout);
        if (args.Layout.Type == KvType.F32) Run<T, KvF32>(args, scratch, thread, threads);
        else Run<T, KvF16>(args, scratch, thread, threads);
    }

    internal static int Padded(int size) => (size + 15) & ~15;

    private static void Run<T, TElement>(in AttentionArgs args, float* scratch, int thread, int threads)
        where T : unmanaged, ILanes<T>
        where TElement : struct, IKvElement<TElement>
    {
        int group = args.Heads / args.Layout.KvHeads, item = 0;
        for (int s = 0; s < args.SequenceCount; s++)
        {
            QueryRows sequence = args.Sequences[s];
            int headTile = Math.Min(group, TileQueries), headTiles = (group + headTile - 1) / headTile;
            int rowTile = Math.Min(sequence.Rows, TileQueries / headTile);
            for (int row = 0; row < sequence.Rows; row += rowTile)
            {
                for (int h = 0; h < args.Layout.KvHeads * headTiles; h++)
                {
                    // Round robin: later rows see more keys, so neighbours in the list cost about the same.
                    if (item++ % threads != thread) continue;
                    int firstHead = h % headTiles * headTile;
                    AttentionTile tile = new()
                    {
                        KvHead = h / headTiles,
                        Head = h / headTiles * group + firstHead,
                        Heads = Math.Min(headTile, group - firstHead),
                        Row = row,
                        Rows = Math.Min(rowTile, sequence.Rows - row),
                    };
                    AttentionKernel<T, TElement>.Run(args, sequence, tile, scratch);
                }
            }
        }
    }
}

/// <summary>The queries of one work item: rows of the sequence, times query heads that share a KV head.</summary>
internal struct AttentionTile
{
    public int KvHead, Head, Heads, Row, Rows;

    public readonly int Queries => Rows * Heads;
}
