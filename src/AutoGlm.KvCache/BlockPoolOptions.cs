using AutoGlm.KvCache.Eviction;

namespace AutoGlm.KvCache;

/// <summary>How a pool keeps what nobody uses.</summary>
public sealed record BlockPoolOptions
{
    /// <summary>What goes first: a name of <see cref="EvictionPolicies"/>.</summary>
    public string Policy { get; init; } = "lru";

    /// <summary>Time to live of blocks whose requests named none, under policies that let them expire; and how long a priority holds.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Share of the blocks that the sweeper keeps blank: 0 to 1.</summary>
    public double BlankShare { get; init; } = 1.0 / 64;

    /// <summary>True to know what is cached, false to forget each answer's blocks with its end (for comparing).</summary>
    public bool KeepContent { get; init; } = true;

    /// <summary>What tells the time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
