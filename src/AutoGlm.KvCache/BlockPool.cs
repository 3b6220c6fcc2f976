using AutoGlm.Graph.Execution;
using AutoGlm.KvCache.Eviction;

namespace AutoGlm.KvCache;

/// <summary>
/// The fixed set of KV blocks: who uses each, which hold content that a later sequence may take over, and which to give up
/// first. A block is in use (references over 0), cached (no references, content known) or blank. Whoever uses a known block uses
/// all before it; so whatever is cached can be given up, the last first. Used by the step loop's thread alone, but for its statistics.
/// </summary>
public sealed class BlockPool
{
    /// <summary>Blocks swept at once, so that no step waits long.</summary>
    private const int SweepAtOnce = 64;

    private readonly BlockPoolOptions _options;
    private readonly PrefixIndex _index;
    private readonly EvictionQueue _evictable;
    private readonly int[] _references;
    private readonly int[] _blank;
    private readonly bool[] _touched;
    private readonly CacheCounters _counters = new();
    private readonly int _keepBlank;
    private int _blankCount, _cachedCount, _touchedCount;

    /// <exception cref="ArgumentException">There is no such eviction policy.</exception>
    public BlockPool(IKvMemory memory, BlockPoolOptions? options = null)
    {
        Memory = memory;
        _options = options ?? new BlockPoolOptions();
        int blocks = memory.BlockCount;
        _index = new PrefixIndex(blocks, memory.Layout.BlockTokens);
        _references = new int[blocks];
        _touched = new bool[blocks];
        _evictable = new EvictionQueue(blocks, _options);
        _keepBlank = (int)(blocks * Math.Clamp(_options.BlankShare, 0, 1));
        _blank = new int[blocks];
        for (int i = 0; i < blocks; i++) _blank[i] = blocks - 1 - i;
        _blankCount = blocks;
    }

    public IKvMemory Memory { get; }

    /// <summary>Tokens a block holds.</summary>
    public int BlockTokens => Memory.Layout.BlockTokens;

    public int BlockCount => Memory.BlockCount;

    /// <summary>Blocks that <see cref="TryTake"/> can give: blank ones, and cached ones that it would give up.</summary>
    public int AvailableCount => _blankCount + _cachedCount;

    /// <summary>Blocks that hold content nobody uses at the moment.</summary>
    public int CachedCount => _cachedCount;

    /// <summary>Cached blocks given up so far, for whatever cause.</summary>
    public long EvictedCount => _counters.Evicted;

    internal PrefixIndex Index => _index;

    internal CacheCounters Counters => _counters;

    /// <summary>A block for new content, with one reference: the blank one used last, whose memory is there, else what goes first.</summary>
    public bool TryTake(out int block)
    {
        block = -1;
        if (_blankCount == 0) GiveUpExpired(1);
        if (_blankCount == 0 && !_evictable.IsEmpty) Forget(_evictable.TakeFirst(), EvictionCause.Capacity);
        if (_blankCount == 0) return false;
        block = _blank[--_blankCount];
        _references[block] = 1;
        _evictable.Begin(block);
        return true;
    }

    /// <summary>The block that holds these tokens under this key, with one more reference. Tokens are compared, not the key alone.</summary>
    public bool TryReuse(in BlockKey key, ReadOnlySpan<int> tokens, out int block)
    {
        if (!_index.TryFind(key, tokens, out block)) return false;
        AddReference(block);
        _evictable.CountUse(block);
        return true;
    }

    /// <summary>
    /// A block of one's own that begins with as many of these tokens as any that follows a block does: taken over whole where
    /// nobody else has a use for it, else copied.
    /// </summary>
    /// <param name="parent">The block before; -1 for none.</param>
    /// <param name="parentKey">Its key, or the root's.</param>
    /// <param name="tokens">What is wanted next, less than a block of it.</param>
    /// <param name="block">The block, with one reference.</param>
    /// <returns>How many of the tokens it holds; 0 for no block.</returns>
    public int ReusePart(int parent, in BlockKey parentKey, ReadOnlySpan<int> tokens, out int block)
    {
        int source = _index.FindLongest(parent, parentKey, tokens, out int common);
        block = -1;
        if (common == 0) return 0;
        AddReference(source);
        _evictable.CountUse(source);
        _evictable.Touch(source);
        if (_references[source] == 1 && common == _index.CountOf(source) && common < BlockTokens)
        {
            // Partial content that only goes on here: it will be known again, as part of more.
            _index.Remove(source);
            block = source;
        }
        else
        {
            bool taken = TryTake(out block);
            if (taken)
            {
                Memory.Copy(source, block);
                Touch(block);
            }

            DropReference(source);
            if (!taken) return 0;
        }

        return common;
    }

    /// <summary>
    /// Says what a full block holds, so that others may take it over. Where another holds the same, the caller gets that one
    /// instead: nothing is stored twice.
    /// </summary>
    /// <param name="block">The caller's block; changed where there is another.</param>
    /// <param name="parent">The block before; -1 for none.</param>
    /// <param name="keys">The sequence's keys.</param>
    /// <param name="number">The block's number in the sequence.</param>
    /// <param name="tokens">All tokens of the sequence up to the block's end, at least.</param>
    /// <returns>False where it cannot be known, since its beginning no longer is.</returns>
    public bool Publish(ref int block, int parent, PrefixKeys keys, int number, ReadOnlySpan<int> tokens)
    {
        if (!_options.KeepContent || (parent >= 0 && !_index.IsKnown(parent))) return false;
        BlockKey key = keys.Key(number, tokens);
        ReadOnlySpan<int> own = tokens.Slice(number * BlockTokens, BlockTokens);
        if (_index.TryFind(key, own, out int same))
        {
            AddReference(same);
            _evictable.CountUse(same);
            ReleaseUnknown(block);
            block = same;
            return true;
        }

        _index.Add(block, parent, keys.KeyBefore(number), own, key, keys.Feature(number, tokens));
        return true;
    }

    /// <summary>Says what the last, partial block of a sequence that ends holds, unless something known holds as much.</summary>
    /// <inheritdoc cref="Publish"/>
    /// <param name="tokens">The block's tokens, fewer than a full block's.</param>
    public void PublishTail(int block, int parent, PrefixKeys keys, int number, ReadOnlySpan<int> tokens)
    {
        if (!_options.KeepContent || (parent >= 0 && !_index.IsKnown(parent))) return;
        BlockKey parentKey = keys.KeyBefore(number);
        int like = _index.FindLongest(parent, parentKey, tokens, out int common);
        if (common == tokens.Length) return;
        _index.Add(block, parent, parentKey, tokens);
        // A tail that is a beginning of this one says nothing more.
        if (like >= 0 && common == _index.CountOf(like) && common < BlockTokens && _references[like] == 0) Forget(like, null);
    }

    /// <summary>One user less; the last one leaves it cached where its content is known, else blank.</summary>
    /// <param name="block">A block in use.</param>
    /// <param name="retention">How the user wishes it kept.</param>
    public void Release(int block, CacheRetention? retention = null)
    {
        if (_references[block] <= 0) throw new InvalidOperationException($"Block {block} is not in use.");
        if (_index.IsKnown(block)) _evictable.Retain(block, retention ?? CacheRetention.Default);
        DropReference(block);
    }

    /// <summary>Gives up what has expired, and some more where few blocks are blank: a bounded amount of work at a time.</summary>
    /// <returns>When there will be something more to do; <see cref="Timeout.InfiniteTimeSpan"/> for never.</returns>
    public TimeSpan Sweep()
    {
        int left = SweepAtOnce - GiveUpExpired(SweepAtOnce);
        for (; left > 0 && _blankCount < _keepBlank && !_evictable.IsEmpty; left--) Forget(_evictable.First, EvictionCause.Watermark);
        return left == 0 ? TimeSpan.Zero : _evictable.UntilDue();
    }

    /// <summary>Full blocks of a prompt that are known, from its beginning on. The search starts where the last one ended.</summary>
    /// <param name="keys">The prompt's keys.</param>
    /// <param name="tokens">The prompt.</param>
    /// <param name="last">What was found before; 0 for nothing.</param>
    public int CountCached(PrefixKeys keys, ReadOnlySpan<int> tokens, int last = 0)
    {
        bool Known(int number, ReadOnlySpan<int> tokens) =>
            _index.MayHold(keys.Feature(number, tokens)) && _index.TryFind(keys.Key(number, tokens), tokens.Slice(number * BlockTokens, BlockTokens), out _);

        int most = Math.Max(0, tokens.Length - 1) / BlockTokens;
        int count = Math.Min(last, most);
        while (count > 0 && !Known(count - 1, tokens)) count--;
        while (count < most && Known(count, tokens)) count++;
        return count;
    }

    /// <summary>Of so many full blocks of a prompt that are known, those that nobody uses: taking them over makes fewer available.</summary>
    public int CountUnused(PrefixKeys keys, ReadOnlySpan<int> tokens, int cached)
    {
        // Whoever uses a block uses those before it.
        int unused = 0;
        for (int number = cached - 1; number >= 0; number--)
        {
            if (!_index.TryFind(keys.Key(number, tokens), tokens.Slice(number * BlockTokens, BlockTokens), out int block) || _references[block] > 0) break;
            unused++;
        }

        return unused;
    }

    /// <summary>Forgets all content that begins with these tokens; what is in use goes on, unknown.</summary>
    /// <param name="keys">Keys of the tokens.</param>
    /// <param name="tokens">The beginning; empty for all of a tenant.</param>
    /// <param name="isCounted">False where statistics leave it out.</param>
    /// <returns>Blocks forgotten.</returns>
    public int Drop(PrefixKeys keys, ReadOnlySpan<int> tokens, bool isCounted = true)
    {
        int full = tokens.Length / BlockTokens, parent = -1;
        // The block that ends where the beginning ends begins with it too.
        int above = tokens.Length % BlockTokens == 0 ? Math.Max(0, full - 1) : full;
        for (int number = 0; number < above; number++)
        {
            if (!_index.TryFind(keys.Key(number, tokens), tokens.Slice(number * BlockTokens, BlockTokens), out parent)) return 0;
        }

        List<int> found = [];
        foreach (int block in _index.Continuations(parent, keys.KeyBefore(above), tokens[(above * BlockTokens)..].ToArray())) _index.Collect(block, found);
        for (int i = found.Count - 1; i >= 0; i--) Forget(found[i], isCounted ? EvictionCause.Dropped : null);
        return found.Count;
    }

    /// <summary>Forgets all content that nobody uses.</summary>
    public void Clear()
    {
        while (!_evictable.IsEmpty) Forget(_evictable.First, EvictionCause.Dropped);
    }

    /// <summary>Its blocks, and what happened; from any thread.</summary>
    public CacheStatistics GetStatistics()
    {
        int blank = Volatile.Read(ref _blankCount), cached = Volatile.Read(ref _cachedCount);
        return _counters.Snapshot(_evictable.PolicyName, Memory, Math.Max(0, BlockCount - blank - cached), cached, blank, Volatile.Read(ref _touchedCount));
    }

    /// <summary>Notes that a block has been written to: a host gives memory for it from then on, for good.</summary>
    internal void Touch(int block)
    {
        if (_touched[block]) return;
        _touched[block] = true;
        _touchedCount++;
    }

    /// <summary>Sequences that have had a block.</summary>
    internal long UsesOf(int block) => _evictable.UsesOf(block);

    private void AddReference(int block)
    {
        if (_references[block]++ > 0) return;
        _cachedCount--;
        _evictable.Withdraw(block);
    }

    private void DropReference(int block)
    {
        if (--_references[block] > 0) return;
        if (!_index.IsKnown(block))
        {
            _blank[_blankCount++] = block;
            return;
        }

        _cachedCount++;
        Offer(block);
    }

    /// <summary>Gives back a block whose content is known by another.</summary>
    private void ReleaseUnknown(int block)
    {
        if (_references[block] != 1) throw new InvalidOperationException($"Block {block} has {_references[block]} users, and content that is unknown.");
        DropReference(block);
    }

    /// <summary>Puts a cached block on which nothing builds up for eviction.</summary>
    private void Offer(int block)
    {
        if (!_index.HasChildren(block)) _evictable.Offer(block);
    }

    /// <summary>Gives up what has expired, so many blocks at most.</summary>
    private int GiveUpExpired(int most)
    {
        int given = 0;
        for (; given < most && _evictable.TryFindExpired(out int block); given++) Forget(block, EvictionCause.Expired);
        return given;
    }

    /// <summary>Makes a block's content unknown; blank where nobody uses it. Nothing may build on it.</summary>
    private void Forget(int block, EvictionCause? cause)
    {
        _evictable.Withdraw(block);
        int parent = _index.ParentOf(block);
        _index.Remove(block);
        if (cause is { } why) _counters.CountEviction(why);
        if (_references[block] == 0)
        {
            _cachedCount--;
            _blank[_blankCount++] = block;
        }

        if (parent >= 0 && _references[parent] == 0 && !_evictable.Contains(parent)) Offer(parent);
    }
}
