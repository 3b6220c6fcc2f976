namespace AutoGlm.Formats.Tokenizers;

/// <summary>The merges of a byte-pair vocabulary: which two neighbouring tokens become which, and how early.</summary>
internal sealed class MergeTable
{
    private const ulong Empty = ulong.MaxValue;
    private readonly ulong[] _pairs;
    private readonly (uint Rank, int Merged)[] _results;

    public MergeTable(int capacity)
    {
        int size = 16;
        while (size < capacity * 3L / 2) size *= 2;
        _pairs = new ulong[size];
        _results = new (uint, int)[size];
        Array.Fill(_pairs, Empty);
    }

    /// <summary>Adds a merge; of several for one pair the first counts.</summary>
    public void Add(int left, int right, uint rank, int merged)
    {
        ulong pair = Pair(left, right);
        uint slot = Slot(pair);
        if (_pairs[slot] == pair) return;
        _pairs[slot] = pair;
        _results[slot] = (rank, merged);
    }

    /// <summary>What a pair becomes; false where it does not merge, as a symbol that is no token (-1) never does.</summary>
    public bool TryGet(int left, int right, out uint rank, out int merged)
    {
        if ((left | right) < 0)
        {
            (rank, merged) = (0, -1);
            return false;
        }

        ulong pair = Pair(left, right);
        uint slot = Slot(pair);
        (rank, merged) = _results[slot];
        return _pairs[slot] == pair;
    }

    private static ulong Pair(int left, int right) => (ulong)(uint)left << 32 | (uint)right;

    private uint Slot(ulong pair)
    {
        uint mask = (uint)_pairs.Length - 1;
        uint slot = ByteHash.Of(pair) & mask;
        while (_pairs[slot] != pair && _pairs[slot] != Empty) slot = (slot + 1) & mask;
        return slot;
    }
}
