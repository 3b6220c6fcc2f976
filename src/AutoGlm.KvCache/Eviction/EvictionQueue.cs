namespace AutoGlm.KvCache.Eviction;

/// <summary>
/// How each block's requests wish it kept, and of the blocks offered for eviction the one that goes first: by the policy's rank, or
/// because its time is over. All in O(log n), without allocation.
/// </summary>
/// <param name="blocks">Ids are 0 to <paramref name="blocks"/> - 1.</param>
/// <param name="options">The policy, its time to live, and what tells the time.</param>
internal sealed class EvictionQueue(int blocks, BlockPoolOptions options)
{
    private static readonly TimeSpan MostWait = TimeSpan.FromMinutes(1);

    private readonly IEvictionPolicy _policy = EvictionPolicies.Create(options.Policy);
    private readonly TimeProvider _time = options.Time;
    private readonly Retained[] _retained = new Retained[blocks];
    private readonly BlockHeap<BlockRank> _offered = new(blocks);
    private readonly BlockHeap<Due> _due = new(blocks);
    private long _uses;

    private record struct Retained(long LastUse, long Uses, long Expires, int Priority, long PriorityUntil)
    {
        /// <summary>When something is to be done about it.</summary>
        public readonly long Due => Math.Min(Expires, Priority == 0 ? long.MaxValue : PriorityUntil);
    }

    private readonly record struct Due(long Time) : IComparable<Due>
    {
        public int CompareTo(Due other) => Time.CompareTo(other.Time);
    }

    public string PolicyName => _policy.Name;

    /// <summary>True where nothing is offered.</summary>
    public bool IsEmpty => _offered.Count == 0;

    /// <summary>The block that goes first; the queue must not be empty.</summary>
    public int First => _offered.First;

    public bool Contains(int block) => _offered.Contains(block);

    /// <summary>Sequences that have had a block.</summary>
    public long UsesOf(int block) => _retained[block].Uses;

    /// <summary>A block gets new content: nobody has wished anything of it yet.</summary>
    public void Begin(int block) => _retained[block] = new Retained(0, 1, 0, 0, 0);

    /// <summary>One more sequence has a block.</summary>
    public void CountUse(int block) => _retained[block].Uses++;

    /// <summary>A block was used just now, by whoever copied from it.</summary>
    public void Touch(int block) => _retained[block].LastUse = ++_uses;

    /// <summary>Notes how the user that lets go of a block wishes it kept; the longest and strongest wish stands.</summary>
    public void Retain(int block, CacheRetention wish)
    {
        ref Retained retained = ref _retained[block];
        long now = _time.GetTimestamp();
        retained.LastUse = ++_uses;
        long expires = wish.Ttl is { } own ? Later(now, own) : _policy.Expires ? Later(now, options.Ttl) : long.MaxValue;
        retained.Expires = Math.Max(retained.Expires, expires);
        bool stands = retained.Priority != 0 && retained.PriorityUntil > now;
        if (stands && retained.Priority > wish.Priority) return;
        retained.Priority = wish.Priority;
        retained.PriorityUntil = Later(now, wish.Ttl ?? options.Ttl);
    }

    /// <summary>Puts a block up for eviction: one that nobody uses, and on which nothing builds.</summary>
    public void Offer(int block)
    {
        ref Retained retained = ref _retained[block];
        _offered.Add(block, _policy.Rank(new BlockUse(retained.LastUse, retained.Uses, retained.Expires, retained.Priority)));
        if (retained.Due < long.MaxValue) _due.Add(block, new Due(retained.Due));
    }

    /// <summary>Takes a block back, if it is offered.</summary>
    public void Withdraw(int block)
    {
        _offered.Remove(block);
        _due.Remove(block);
    }

    /// <summary>The block that goes first, which is then given up for its place.</summary>
    public int TakeFirst()
    {
        _policy.Evicted(_offered.FirstRank);
        int block = First;
        Withdraw(block);
        return block;
    }

    /// <summary>A block whose time is over. On the way to it, priorities that no longer hold end.</summary>
    public bool TryFindExpired(out int block)
    {
        long now = _due.Count > 0 ? _time.GetTimestamp() : 0;
        while (_due.Count > 0 && _due.FirstRank.Time <= now)
        {
            block = _due.First;
            if (_retained[block].Expires == _due.FirstRank.Time) return true;
            Withdraw(block);
            _retained[block].Priority = 0;
            Offer(block);
        }

        block = -1;
        return false;
    }

    /// <summary>How long nothing expires; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</summary>
    public TimeSpan UntilDue()
    {
        if (_due.Count == 0) return Timeout.InfiniteTimeSpan;
        long now = _time.GetTimestamp();
        TimeSpan wait = _time.GetElapsedTime(now, Math.Max(now, _due.FirstRank.Time));
        return wait < MostWait ? wait + TimeSpan.FromMilliseconds(1) : MostWait;
    }

    private long Later(long now, TimeSpan time) => (long)Math.Min(now + time.TotalSeconds * _time.TimestampFrequency, long.MaxValue / 2);
}
