namespace AutoGlm.Cli.LoadTests;

/// <summary>What a server's process holds in memory at one moment.</summary>
/// <param name="Resident">Resident bytes.</param>
/// <param name="Blocks">Of them, KV blocks that have been used since the start; 0 where the server does not tell.</param>
internal readonly record struct MemorySample(long Resident, long Blocks)
{
    /// <summary>Growth from this moment to a later one, as a share of what was resident.</summary>
    public double GrowthTo(MemorySample later) => (double)(later.Resident - Resident) / Resident;

    /// <summary>The same, without KV blocks used for the first time in between: they are part of the cache that was asked for.</summary>
    public double GrowthBesideBlocksTo(MemorySample later) => (double)(later.Resident - later.Blocks - (Resident - Blocks)) / Resident;
}
