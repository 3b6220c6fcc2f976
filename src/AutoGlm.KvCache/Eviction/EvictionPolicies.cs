namespace AutoGlm.KvCache.Eviction;

/// <summary>The policies there are, by name.</summary>
public static class EvictionPolicies
{
    private static readonly (string Name, Func<IEvictionPolicy> Create)[] All =
    [
        ("lru", () => new LeastRecentlyUsed("lru", expires: false)),
        ("lfu", () => new LeastFrequentlyUsed()),
        ("ttl", () => new SoonestToExpire()),
        ("lru+ttl", () => new LeastRecentlyUsed("lru+ttl", expires: true)),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(policy => policy.Name)];

    /// <exception cref="ArgumentException">There is no such policy; the message lists those there are.</exception>
    public static IEvictionPolicy Create(string name)
    {
        foreach ((string known, Func<IEvictionPolicy> create) in All)
        {
            if (known == name) return create();
        }

        throw new ArgumentException($"There is no eviction policy '{name}'; there are {string.Join(", ", Names)}.", nameof(name));
    }
}
