namespace AutoGlm.KvCache;

/// <summary>
/// How long, and how dearly, a request's blocks are kept once it has ended. A wish, never a pin: when running answers need
/// blocks and nothing lesser is left, these go too.
/// </summary>
public sealed record CacheRetention
{
    /// <summary>Lowest and highest <see cref="Priority"/>.</summary>
    public const int LeastPriority = -10, MostPriority = 10;

    /// <summary>What requests that do not say get.</summary>
    public static CacheRetention Default { get; } = new();

    /// <summary>Time after its last use until a block is given back; null for the engine's own. Over zero.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Blocks of lower priority go first: -10 to 10. It holds for the time to live, then is 0 again.</summary>
    public int Priority { get; init; }

    /// <exception cref="ArgumentException">A field is outside its range.</exception>
    public void Validate()
    {
        if (Ttl <= TimeSpan.Zero) throw new ArgumentException($"The cache's time to live is {Ttl}; it should be over zero.", nameof(Ttl));
        if (Priority is < LeastPriority or > MostPriority)
        {
            throw new ArgumentException($"The cache priority is {Priority}; it should be between {LeastPriority} and {MostPriority}.", nameof(Priority));
        }
    }
}
