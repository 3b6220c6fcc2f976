namespace AutoGlm.Cli.LoadTests;

/// <summary>What a load run left of the server, as far as it can be seen.</summary>
internal sealed record ServerCondition
{
    /// <summary>Resident bytes at their peak.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>Resident bytes when a quarter of the time was over, and at the end.</summary>
    public (long Quarter, long End)? Memory { get; init; }

    /// <summary>Its KV blocks, with nothing running; null where the server is not ours.</summary>
    public BlockAccount? Blocks { get; init; }

    /// <summary>Growth of the resident memory over the last three quarters, as a share.</summary>
    public double? MemoryGrowth => Memory is { } memory ? (double)memory.End / memory.Quarter - 1 : null;
}
