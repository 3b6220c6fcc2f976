namespace AutoGlm.KvCache.Eviction;

/// <summary>What expires soonest goes first, of those the one unused for longest.</summary>
internal sealed class SoonestToExpire : IEvictionPolicy
{
    public string Name => "ttl";

    public bool Expires => true;

    public BlockRank Rank(in BlockUse use) => new(use.Priority, use.Expires, use.LastUse);
}
