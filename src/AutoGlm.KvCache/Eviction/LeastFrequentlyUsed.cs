namespace AutoGlm.KvCache.Eviction;

/// <summary>
/// What was used least often goes first, of those the one unused for longest. Counts are dated by the rank of what went last
/// (LFU with dynamic aging, Arlitt et al. 2000), so that what was popular once does not stay for ever.
/// </summary>
internal sealed class LeastFrequentlyUsed : IEvictionPolicy
{
    private long _age;

    public string Name => "lfu";

    public bool Expires => false;

    public BlockRank Rank(in BlockUse use) => new(use.Priority, _age + use.Uses, use.LastUse);

    public void Evicted(in BlockRank rank) => _age = Math.Max(_age, rank.First);
}
