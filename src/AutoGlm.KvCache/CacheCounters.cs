using AutoGlm.Graph.Execution;

namespace AutoGlm.KvCache;

/// <summary>What happened to the cache. The step loop's thread counts; anyone may read.</summary>
internal sealed class CacheCounters
{
    private readonly long[] _evictions = new long[Enum.GetValues<EvictionCause>().Length];

    public long Lookups, LookupTokens, Misses, HitTokens, CertainlyNotCached, PartialBlocks;

    public long Evicted => _evictions.Sum();

    public void CountEviction(EvictionCause cause) => _evictions[(int)cause]++;

    /// <summary>Counts a prompt that was looked up, and what was found of it.</summary>
    /// <param name="tokens">The prompt's tokens.</param>
    /// <param name="found">Those found.</param>
    /// <param name="withPart">True where the last of them are part of a block.</param>
    /// <param name="certainlyNot">True where the filter knew that there is nothing.</param>
    public void CountLookup(int tokens, int found, bool withPart, bool certainlyNot)
    {
        Lookups++;
        LookupTokens += tokens;
        HitTokens += found;
        if (found == 0) Misses++;
        if (withPart) PartialBlocks++;
        if (certainlyNot) CertainlyNotCached++;
    }

    public CacheStatistics Snapshot(string policy, IKvMemory memory, int inUse, int cached, int blank, int touched) => new()
    {
        Policy = policy,
        Blocks = memory.BlockCount,
        BlocksInUse = inUse,
        BlocksCached = cached,
        BlocksBlank = blank,
        BlocksTouched = touched,
        BlockTokens = memory.Layout.BlockTokens,
        BlockBytes = memory.Layout.BlockBytes,
        Lookups = Volatile.Read(ref Lookups),
        LookupTokens = Volatile.Read(ref LookupTokens),
        Misses = Volatile.Read(ref Misses),
        CertainlyNotCached = Volatile.Read(ref CertainlyNotCached),
        PartialBlocks = Volatile.Read(ref PartialBlocks),
        Tiers = [new TierStatistics("memory", Volatile.Read(ref Lookups) - Volatile.Read(ref Misses), Volatile.Read(ref HitTokens))],
        Evictions = Enum.GetValues<EvictionCause>().ToDictionary(cause => cause, cause => Volatile.Read(ref _evictions[(int)cause])),
    };
}
