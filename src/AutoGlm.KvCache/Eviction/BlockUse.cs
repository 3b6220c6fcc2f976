namespace AutoGlm.KvCache.Eviction;

/// <summary>What a policy knows of a block that nobody uses at the moment.</summary>
/// <param name="LastUse">Counts up with every use of any block.</param>
/// <param name="Uses">Sequences that have had it.</param>
/// <param name="Expires">When its time to live is over, a timestamp; <see cref="long.MaxValue"/> for never.</param>
/// <param name="Priority">Its requests' wish, 0 where they had none.</param>
public readonly record struct BlockUse(long LastUse, long Uses, long Expires, int Priority);

/// <summary>Where a block stands among those that may be given up: the lowest goes first.</summary>
public readonly record struct BlockRank(int Priority, long First, long Second) : IComparable<BlockRank>
{
    public int CompareTo(BlockRank other) =>
        Priority != other.Priority ? Priority.CompareTo(other.Priority)
        : First != other.First ? First.CompareTo(other.First)
        : Second.CompareTo(other.Second);
}
