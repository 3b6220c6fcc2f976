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

    /// <summary>How queries are turned first; keys are stored as they are read.</summary>
    public Rotation Rotation;

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

    /// <summary>What chunks leave where keys are split: <see cref="PagedAttention.PartialFloats(in AttentionArgs)"/>, 64-byte aligned.</summary>
    public float* Partials;
}

/// <summary>What a thread does of an attention.</summary>
internal enum AttentionPhase
{
    /// <summary>Its share of the items, each from first key to last.</summary>
    Whole,

    /// <summary>Its share of the chunks of keys of all items; what comes of each goes to <see cref="AttentionArgs.Partials"/>.</summary>
    Chunks,

    /// <summary>After a barrier: its share of the queries, put together from their chunks.</summary>
    Combine,
}

/// <summary>
/// Flash attention (Dao et al. 2022) over paged blocks: scores of a tile of queries and 32 keys, softmax kept online, so
/// that neither scores nor gathered keys ever leave the first caches.
/// </summary>
/// <remarks>
/// A work item is (sequence, KV head, tile of up to 64 queries: neighbouring rows and the heads that share the KV head).
/// For many queries the keys of a tile are transposed to [dimension][key], so that lanes are keys in the scores and
/// nothing is summed across lanes; for the few of decoding the keys are read in place, once for four queries. An item goes
/// chunk by chunk of 128 keys, whoever does them: so the result is the same to the last bit, split over threads or not.
/// </remarks>
internal static unsafe class PagedAttention
{
    /// <summary>Queries and keys of a tile.</summary>
    internal const int TileQueries = 64, TileKeys = 32;

    /// <summary>Keys of a chunk.</summary>
    internal const int ChunkKeys = 128;

    /// <summary>Floats of scratch memory that each thread needs.</summary>
    public static long ScratchFloats(in KvView layout) =>
        TileKeys * ((long)layout.KeySize + Padded(layout.ValueSize)) + TileQueries * ((long)TileKeys + Padded(layout.KeySize)) + 2 * PartialFloats(layout, TileQueries);

    /// <summary>Floats that the chunks of all items take.</summary>
    public static long PartialFloats(in AttentionArgs args)
    {
        long floats = 0;
        for (AttentionItems items = new(in args); items.MoveNext();) floats += items.Chunks * PartialFloats(args.Layout, items.Tile.Queries);
        return floats;
    }

    /// <summary>Floats of the sums over a chunk, the largest scores and the totals of so many queries.</summary>
    internal static long PartialFloats(in KvView layout, int queries)
    {
        long rounded = (queries + 3L) & ~3L;
        return rounded * Padded(layout.ValueSize) + ((2 * rounded + 15) & ~15L);
    }

    /// <summary>Work items of a batch.</summary>
    public static int CountItems(in AttentionArgs args)
    {
        int count = 0;
        for (AttentionItems items = new(in args); items.MoveNext();) count++;
        return count;
    }

    /// <summary>Does this thread's share.</summary>
    public static void Run<T>(in AttentionArgs args, AttentionPhase phase, int thread, int threads) where T : unmanaged, ILanes<T>
    {
        switch (args.Layout.Type)
        {
            case KvType.F32: Run<T, KvF32>(args, phase, thread, threads); break;
            case KvType.Q8_0: Run<T, KvQ8>(args, phase, thread, threads); break;
            default: Run<T, KvF16>(args, phase, thread, threads); break;
        }
    }

    internal static int Padded(int size) => (size + 15) & ~15;

    private static void Run<T, TElement>(in AttentionArgs args, AttentionPhase phase, int thread, int threads)
        where T : unmanaged, ILanes<T>
        where TElement : struct, IKvElement<TElement>
    {
        float* scratch = args.Scratch + thread * ScratchFloats(args.Layout), partials = args.Partials;
        int unit = 0;
        for (AttentionItems items = new(in args); items.MoveNext();)
        {
            AttentionKernel<T, TElement> kernel = new(in args, items.Sequence, items.Tile, scratch);
            // Round robin: later rows see more keys, so neighbours in the list cost about the same.
            switch (phase)
            {
                case AttentionPhase.Whole:
                    if (unit++ % threads == thread) kernel.RunWhole();
                    continue;
                case AttentionPhase.Chunks:
                    for (int chunk = 0; chunk < items.Chunks; chunk++)
                    {
                        if (unit++ % threads == thread) kernel.RunChunk(chunk, partials + chunk * PartialFloats(args.Layout, items.Tile.Queries));
                    }

                    break;
                default:
                    for (int query = 0; query < items.Tile.Queries; query++)
                    {
                        if (unit++ % threads == thread) kernel.Combine(query, items.Chunks, partials);
                    }

                    break;
            }

            partials += items.Chunks * PartialFloats(args.Layout, items.Tile.Queries);
        }
    }
}

/// <summary>The queries of one work item: rows of the sequence, times query heads that share a KV head.</summary>
internal struct AttentionTile
{
    public int KvHead, Head, Heads, Row, Rows;

    /// <summary>Keys that any of the queries sees: from the first up to the last.</summary>
    public int FirstKey, EndKey;

    public readonly int Queries => Rows * Heads;
}

/// <summary>The work items of a batch, one after the other.</summary>
internal unsafe ref struct AttentionItems
{
    private readonly ref readonly AttentionArgs _args;
    private readonly int _group, _headTile, _headTiles;
    private int _sequence, _row, _head;

    public AttentionItems(ref readonly AttentionArgs args)
    {
        _args = ref args;
        _group = args.Heads / args.Layout.KvHeads;
        _headTile = Math.Min(_group, PagedAttention.TileQueries);
        _headTiles = (_group + _headTile - 1) / _headTile;
        _head = -1;
    }

    public QueryRows Sequence { get; private set; }

    public AttentionTile Tile { get; private set; }

    /// <summary>Chunks of keys that the tile sees.</summary>
    public readonly int Chunks => (Tile.EndKey - 1) / PagedAttention.ChunkKeys - Tile.FirstKey / PagedAttention.ChunkKeys + 1;

    public bool MoveNext()
    {
        if (++_head == _args.Layout.KvHeads * _headTiles)
        {
            _head = 0;
            _row += RowTile;
        }

        while (_sequence < _args.SequenceCount && _row >= _args.Sequences[_sequence].Rows) (_sequence, _row) = (_sequence + 1, 0);
        if (_sequence == _args.SequenceCount) return false;
        Sequence = _args.Sequences[_sequence];
        int firstHead = _head % _headTiles * _headTile, rows = Math.Min(RowTile, Sequence.Rows - _row), position = Sequence.Position + _row;
        Tile = new AttentionTile
        {
            KvHead = _head / _headTiles,
            Head = _head / _headTiles * _group + firstHead,
            Heads = Math.Min(_headTile, _group - firstHead),
            Row = _row,
            Rows = rows,
            FirstKey = _args.Window > 0 ? Math.Max(0, position - _args.Window + 1) : 0,
            EndKey = _args.Causal ? position + rows : Sequence.Position + Sequence.Rows,
        };
        return true;
    }

    private readonly int RowTile => PagedAttention.TileQueries / _headTile;
}
