using AutoGlm.Cuda.Tuning;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.FlashAttention;

/// <summary>
/// Cuts a batch's attention into tiles for one kernel: consecutive tokens of a sequence with as many query heads as fill a tile, and
/// where that makes too few blocks for the card, the keys of long tiles into parts. Making a plan allocates nothing.
/// </summary>
internal sealed class TilePlan
{
    private const int GroupTokens = 16;

    private readonly int _group;
    private readonly int _window;
    private readonly int _headsOfTile;
    private readonly int _tokensOfTile;
    private readonly int _leastKeys;
    private readonly int _wanted;
    private readonly CardTuning _tuning;
    private AttentionTile[] _whole = new AttentionTile[16];
    private AttentionTile[] _tiles = new AttentionTile[16];
    private int _wholeCount;

    /// <param name="tileRows">Rows of a tile.</param>
    /// <param name="leastKeys">Fewest keys of a part.</param>
    /// <param name="blocks">Blocks that fill the card.</param>
    /// <param name="kvHeads">Key heads; each makes a block of every tile.</param>
    /// <param name="group">Query heads of a key head.</param>
    /// <param name="window">Tokens a query sees; 0 for all.</param>
    /// <param name="tuning">What parts cost on the card.</param>
    public TilePlan(int tileRows, int leastKeys, int blocks, int kvHeads, int group, int window, CardTuning tuning)
    {
        _tuning = tuning;
        _group = group;
        _window = window;
        _headsOfTile = Math.Min(group, tileRows);
        _tokensOfTile = tileRows / _headsOfTile;
        _leastKeys = leastKeys;
        _wanted = Math.Max(1, blocks / kvHeads);
        MaxSlots = 2 * _wanted + 2;
    }

    /// <summary>The most slots of scratch memory that a plan uses.</summary>
    public int MaxSlots { get; }

    public ReadOnlySpan<AttentionTile> Tiles => _tiles.AsSpan(0, Count);

    public int Count { get; private set; }

    /// <summary>Slots of scratch memory that this plan uses.</summary>
    public int Slots { get; private set; }

    /// <summary>The most tiles of a batch of so many rows in so many sequences.</summary>
    public int MaxTiles(int rows, int sequences)
    {
        int headTiles = (_group + _headsOfTile - 1) / _headsOfTile;
        return (rows / _tokensOfTile + Math.Min(rows, sequences)) * headTiles + MaxSlots;
    }

    /// <summary>Starts a new batch.</summary>
    public void Clear() => _wholeCount = Count = Slots = 0;

    /// <summary>Adds a sequence's rows.</summary>
    public void Add(in BatchSequence sequence)
    {
        for (int first = 0; first < sequence.RowCount; first += _tokensOfTile)
        {
            int rows = Math.Min(_tokensOfTile, sequence.RowCount - first), position = sequence.FirstPosition + first;
            for (int head = 0; head < _group; head += _headsOfTile)
            {
                Append(ref _whole, _wholeCount++) = new AttentionTile
                {
                    Row = sequence.FirstRow + first,
                    Rows = rows,
                    Position = position,
                    Table = sequence.FirstBlock,
                    KeyBegin = _window > 0 ? Math.Max(0, position - _window + 1) / GroupTokens * GroupTokens : 0,
                    KeyEnd = position + rows,
                    Parts = 1,
                    Head = head,
                    Heads = Math.Min(_headsOfTile, _group - head),
                };
            }
        }
    }

    /// <summary>Splits the tiles into parts, and puts the longest first.</summary>
    public void Finish()
    {
        long keys = 0;
        foreach (ref readonly AttentionTile tile in _whole.AsSpan(0, _wholeCount)) keys += tile.KeyEnd - tile.KeyBegin;
        double share = Math.Max(_leastKeys, (double)keys / _wanted);
        foreach (ref readonly AttentionTile tile in _whole.AsSpan(0, _wholeCount)) Split(tile, share);
        _tiles.AsSpan(0, Count).Sort(static (a, b) => (b.KeyEnd - b.KeyBegin).CompareTo(a.KeyEnd - a.KeyBegin));
    }

    private void Split(AttentionTile tile, double share)
    {
        int length = tile.KeyEnd - tile.KeyBegin;
        share = Math.Max(share, Math.Min(length / _tuning.AttentionParts, _tuning.AttentionLongPart));
        int parts = length <= _tuning.AttentionWholeKeys ? 1 : Math.Max(1, (int)(length / share + 0.5));
        int each = ((length + parts - 1) / parts + GroupTokens - 1) / GroupTokens * GroupTokens;
        parts = (length + each - 1) / each;
        if (Slots + parts > MaxSlots) (parts, each) = (1, length);
        for (int part = 0; part < parts; part++)
        {
            AttentionTile piece = tile;
            (piece.Part, piece.Parts, piece.Slot) = (part, parts, Slots);
            piece.KeyBegin = tile.KeyBegin + part * each;
            piece.KeyEnd = Math.Min(tile.KeyEnd, piece.KeyBegin + each);
            Append(ref _tiles, Count++) = piece;
        }

        if (parts > 1) Slots += parts;
    }

    private static ref AttentionTile Append(ref AttentionTile[] tiles, int index)
    {
        if (index == tiles.Length) Array.Resize(ref tiles, 2 * index);
        return ref tiles[index];
    }
}
