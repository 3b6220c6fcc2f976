namespace AutoGlm.KvCache.Eviction;

/// <summary>
/// Which content goes first. The pool asks once, when a block comes to be unused with nothing cached after it, and keeps the
/// answers in a heap; so a policy need not find anything, and a block never goes before those that build on it.
/// </summary>
public interface IEvictionPolicy
{
    /// <summary>What it is chosen by.</summary>
    string Name { get; }

    /// <summary>True where blocks whose requests named no time to live get the cache's.</summary>
    bool Expires { get; }

    BlockRank Rank(in BlockUse use);

    /// <summary>Told the rank of what was given up to make room.</summary>
    void Evicted(in BlockRank rank)
    {
    }
}
