using System.Runtime.InteropServices;

namespace AutoGlm.KvCache;

/// <summary>
/// Which block holds what: full blocks by key, and all blocks as a forest, each under the one before it, so that a beginning's
/// possible continuations can be looked at, and that nothing goes before what builds on it. Whoever is known has a known parent.
/// </summary>
internal sealed class PrefixIndex
{
    /// <summary>Continuations looked at for a partial match, the newest first.</summary>
    private const int MostSiblings = 16;

    private const int None = -1;

    private readonly int _blockTokens;
    private readonly Entry[] _entries;
    private readonly int[] _tokens;
    private readonly Dictionary<BlockKey, int> _byKey;
    private readonly Dictionary<BlockKey, int> _firstOfRoot = [];
    private readonly PrefixFilter _filter;

    public PrefixIndex(int blocks, int blockTokens)
    {
        _blockTokens = blockTokens;
        _entries = new Entry[blocks];
        _tokens = new int[blocks * blockTokens];
        _filter = new PrefixFilter(blocks);
        // Room for all at once: it would grow in the middle of a step.
        _byKey = new Dictionary<BlockKey, int>(blocks);
    }

    /// <summary>One more than the number of a block, so that fresh memory says: none.</summary>
    private struct Entry
    {
        public BlockKey Key, ParentKey;
        public ulong Feature;
        public int Count, ParentAfter, FirstChildAfter, NextAfter, PreviousAfter;
    }

    /// <summary>Tokens known of a block; 0 where nothing is.</summary>
    public int CountOf(int block) => _entries[block].Count;

    public bool IsKnown(int block) => _entries[block].Count > 0;

    public bool HasChildren(int block) => _entries[block].FirstChildAfter > 0;

    /// <summary>The block before; -1 for none.</summary>
    public int ParentOf(int block) => _entries[block].ParentAfter - 1;

    /// <summary>Key of the block before it, or of its root.</summary>
    public BlockKey ParentKeyOf(int block) => _entries[block].ParentKey;

    public ReadOnlySpan<int> TokensOf(int block) => _tokens.AsSpan(block * _blockTokens, _entries[block].Count);

    /// <summary>False where a full block of this feature is certainly not known.</summary>
    public bool MayHold(ulong feature) => _filter.MayHold(feature);

    /// <summary>The block of this key, if its tokens are these.</summary>
    public bool TryFind(in BlockKey key, ReadOnlySpan<int> tokens, out int block) =>
        _byKey.TryGetValue(key, out block) && TokensOf(block).SequenceEqual(tokens);

    /// <summary>Of what follows a block, the one that has most of its first tokens in common with these.</summary>
    /// <param name="parent">The block before; -1 for the root.</param>
    /// <param name="parentKey">Its key, or the root's.</param>
    /// <param name="tokens">What should follow.</param>
    /// <param name="common">Tokens in common; 0 where there is none.</param>
    public int FindLongest(int parent, in BlockKey parentKey, ReadOnlySpan<int> tokens, out int common)
    {
        common = 0;
        int best = None;
        int child = FirstChild(parent, parentKey);
        for (int looked = 0; child >= 0 && looked < MostSiblings; looked++, child = _entries[child].NextAfter - 1)
        {
            int length = TokensOf(child).CommonPrefixLength(tokens);
            if (length > common) (best, common) = (child, length);
        }

        return best;
    }

    /// <summary>Notes what a block holds.</summary>
    /// <param name="block">A block of which nothing is known.</param>
    /// <param name="parent">The block before, which is known; -1 for the root.</param>
    /// <param name="parentKey">Its key, or the root's.</param>
    /// <param name="tokens">All its tokens, or the first of them.</param>
    /// <param name="key">Its own key, where it is full.</param>
    /// <param name="feature">Its feature, where it is full.</param>
    public void Add(int block, int parent, in BlockKey parentKey, ReadOnlySpan<int> tokens, in BlockKey key = default, ulong feature = 0)
    {
        ref Entry entry = ref _entries[block];
        entry = new Entry { Key = key, ParentKey = parentKey, Feature = feature, Count = tokens.Length, ParentAfter = parent + 1 };
        tokens.CopyTo(_tokens.AsSpan(block * _blockTokens));
        if (tokens.Length == _blockTokens)
        {
            _byKey.Add(key, block);
            _filter.Add(feature);
        }

        ref int first = ref parent >= 0 ? ref _entries[parent].FirstChildAfter : ref CollectionsMarshal.GetValueRefOrAddDefault(_firstOfRoot, parentKey, out _);
        entry.NextAfter = first;
        if (first > 0) _entries[first - 1].PreviousAfter = block + 1;
        first = block + 1;
    }

    /// <summary>Forgets what a block without children holds.</summary>
    public void Remove(int block)
    {
        ref Entry entry = ref _entries[block];
        if (entry.FirstChildAfter > 0) throw new InvalidOperationException($"Block {block} has others that build on it.");
        if (entry.Count == _blockTokens)
        {
            _byKey.Remove(entry.Key);
            _filter.Remove(entry.Feature);
        }

        if (entry.NextAfter > 0) _entries[entry.NextAfter - 1].PreviousAfter = entry.PreviousAfter;
        if (entry.PreviousAfter > 0) _entries[entry.PreviousAfter - 1].NextAfter = entry.NextAfter;
        else if (entry.ParentAfter > 0) _entries[entry.ParentAfter - 1].FirstChildAfter = entry.NextAfter;
        else if (entry.NextAfter > 0) _firstOfRoot[entry.ParentKey] = entry.NextAfter;
        else _firstOfRoot.Remove(entry.ParentKey);
        entry = default;
    }

    /// <summary>Adds a block and all that build on it to a list, each after its parent.</summary>
    public void Collect(int block, List<int> found)
    {
        int next = found.Count;
        found.Add(block);
        for (; next < found.Count; next++)
        {
            for (int child = _entries[found[next]].FirstChildAfter - 1; child >= 0; child = _entries[child].NextAfter - 1) found.Add(child);
        }
    }

    /// <summary>Blocks that follow a block, or a root, and begin with these tokens.</summary>
    public IEnumerable<int> Continuations(int parent, BlockKey parentKey, int[] tokens)
    {
        for (int child = FirstChild(parent, parentKey); child >= 0; child = _entries[child].NextAfter - 1)
        {
            if (TokensOf(child).CommonPrefixLength(tokens) == tokens.Length) yield return child;
        }
    }

    private int FirstChild(int parent, in BlockKey parentKey) =>
        parent >= 0 ? _entries[parent].FirstChildAfter - 1 : _firstOfRoot.GetValueOrDefault(parentKey) - 1;
}
