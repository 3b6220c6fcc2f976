namespace AutoGlm.KvCache.Eviction;

/// <summary>What has been unused for longest goes first.</summary>
internal sealed class LeastRecentlyUsed(string name, bool expires) : IEvictionPolicy
{
    public string Name => name;

    public bool Expires => expires;

    public BlockRank Rank(in BlockUse use) => new(use.Priority, use.LastUse, 0);
}
