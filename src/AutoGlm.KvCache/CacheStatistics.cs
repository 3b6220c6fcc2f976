namespace AutoGlm.KvCache;

/// <summary>Why content was given up.</summary>
public enum EvictionCause
{
    /// <summary>Its block was needed for new content.</summary>
    Capacity,

    /// <summary>Its time to live was over.</summary>
    Expired,

    /// <summary>The sweeper keeps some blocks blank.</summary>
    Watermark,

    /// <summary>Someone asked for it.</summary>
    Dropped,
}

/// <summary>What one tier of the cache has given.</summary>
/// <param name="Name">Its name: memory.</param>
/// <param name="Hits">Lookups that found something in it.</param>
/// <param name="HitTokens">Tokens that need not be computed thanks to it.</param>
public sealed record TierStatistics(string Name, long Hits, long HitTokens);

/// <summary>The cache's blocks at one moment, and what happened since its start.</summary>
public sealed record CacheStatistics
{
    /// <summary>The eviction policy that the counts belong to.</summary>
    public required string Policy { get; init; }

    /// <summary>Blocks there are; the sum of those in use, cached and blank.</summary>
    public required int Blocks { get; init; }

    /// <summary>Blocks of running answers.</summary>
    public required int BlocksInUse { get; init; }

    /// <summary>Blocks that hold content nobody uses at the moment.</summary>
    public required int BlocksCached { get; init; }

    /// <summary>Blocks without content.</summary>
    public required int BlocksBlank { get; init; }

    /// <summary>Blocks that have been written to since the start: a host takes memory for these alone.</summary>
    public required int BlocksTouched { get; init; }

    /// <summary>Tokens a block holds.</summary>
    public required int BlockTokens { get; init; }

    /// <summary>Bytes of a block.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>Prompts looked up.</summary>
    public required long Lookups { get; init; }

    /// <summary>Tokens of those prompts.</summary>
    public required long LookupTokens { get; init; }

    /// <summary>Lookups that found nothing.</summary>
    public required long Misses { get; init; }

    /// <summary>Lookups that ended before any index was asked: the filter knew that nothing is there.</summary>
    public required long CertainlyNotCached { get; init; }

    /// <summary>Blocks of which a part was copied, since another prompt begins like them and goes on differently.</summary>
    public required long PartialBlocks { get; init; }

    /// <summary>What was found, by tier.</summary>
    public required IReadOnlyList<TierStatistics> Tiers { get; init; }

    /// <summary>Blocks whose content was given up, by cause.</summary>
    public required IReadOnlyDictionary<EvictionCause, long> Evictions { get; init; }

    /// <summary>Lookups that found something.</summary>
    public long Hits => Lookups - Misses;

    /// <summary>Tokens that need not be computed.</summary>
    public long HitTokens => Tiers.Sum(tier => tier.HitTokens);
}
