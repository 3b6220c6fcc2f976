using AutoGlm.Graph.Execution;

namespace AutoGlm.KvCache;

/// <summary>
/// The fixed set of KV blocks: who uses each, which hold content that a later sequence may take over, and which to give up
/// first. A block is in use (references over 0), cached (no references, a key) or blank. Used by the step loop's thread alone.
/// </summary>
public sealed class BlockPool
{
    private readonly int[] _references;
    private readonly BlockKey?[] _keys;
    private readonly int[] _tokens;
    private readonly BlockList _blank;
    private readonly BlockList _cached;
    private readonly Dictionary<BlockKey, int> _index = [];

    public BlockPool(IKvMemory memory)
    {
        Memory = memory;
        int blocks = memory.BlockCount;
        _references = new int[blocks];
        _keys = new BlockKey?[blocks];
        _tokens = new int[blocks * memory.Layout.BlockTokens];
        _blank = new BlockList(blocks);
        _cached = new BlockList(blocks);
        for (int block = 0; block < blocks; block++) _blank.Append(block);
    }

    public IKvMemory Memory { get; }

    /// <summary>Tokens a block holds.</summary>
    public int BlockTokens => Memory.Layout.BlockTokens;

    public int BlockCount => Memory.BlockCount;

    /// <summary>Blocks that <see cref="TryTake"/> can give: blank ones, and cached ones that it would give up.</summary>
    public int AvailableCount => _blank.Count + _cached.Count;

    /// <summary>Blocks that hold content nobody uses at the moment.</summary>
    public int CachedCount => _cached.Count;

    /// <summary>Cached blocks given up so far.</summary>
    public long EvictedCount { get; private set; }

    /// <summary>A block for new content, with one reference: a blank one, else the one unused for longest.</summary>
    public bool TryTake(out int block)
    {
        block = -1;
        if (_blank.Count > 0)
        {
            block = _blank.Oldest;
            _blank.Remove(block);
        }
        else if (_cached.Count > 0)
        {
            block = _cached.Oldest;
            _cached.Remove(block);
            Forget(block);
            EvictedCount++;
        }

        if (block < 0) return false;
        _references[block] = 1;
        return true;
    }

    /// <summary>The block that holds these tokens under this key, with one more reference. Tokens are compared, not the key alone.</summary>
    public bool TryReuse(in BlockKey key, ReadOnlySpan<int> tokens, out int block)
    {
        if (!_index.TryGetValue(key, out block) || !TokensOf(block).SequenceEqual(tokens)) return false;
        if (_references[block]++ == 0) _cached.Remove(block);
        return true;
    }

    /// <summary>Says what a full block holds, so that others may take it over. Where another block holds the same, that one stays the known one.</summary>
    public void Publish(int block, in BlockKey key, ReadOnlySpan<int> tokens)
    {
        if (_keys[block] is not null || !_index.TryAdd(key, block)) return;
        _keys[block] = key;
        tokens.CopyTo(TokensOf(block));
    }

    /// <summary>One user less; the last one leaves it cached where its content is known, else blank.</summary>
    public void Release(int block)
    {
        if (_references[block] <= 0) throw new InvalidOperationException($"Block {block} is not in use.");
        if (--_references[block] > 0) return;
        (_keys[block] is null ? _blank : _cached).Append(block);
    }

    /// <summary>Its blocks, and what happened; from any thread.</summary>
    public CacheStatistics GetStatistics() => new()
    {
        Policy = "lru",
        Blocks = BlockCount,
        BlocksInUse = BlockCount - _blank.Count - _cached.Count,
        BlocksCached = _cached.Count,
        BlocksBlank = _blank.Count,
        BlockTokens = BlockTokens,
        BlockBytes = Memory.Layout.BlockBytes,
        Lookups = 0,
        LookupTokens = 0,
        Misses = 0,
        CertainlyNotCached = 0,
        PartialBlocks = 0,
        Tiers = [],
        Evictions = new Dictionary<EvictionCause, long> { [EvictionCause.Capacity] = EvictedCount },
    };

    /// <summary>Forgets all content that nobody uses.</summary>
    public void Clear()
    {
        while (_cached.Count > 0)
        {
            int block = _cached.Oldest;
            _cached.Remove(block);
            Forget(block);
            _blank.Append(block);
        }
    }

    private Span<int> TokensOf(int block) => _tokens.AsSpan(block * BlockTokens, BlockTokens);

    private void Forget(int block)
    {
        if (_keys[block] is { } key) _index.Remove(key);
        _keys[block] = null;
    }
}
