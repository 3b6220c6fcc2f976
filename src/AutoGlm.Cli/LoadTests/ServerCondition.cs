namespace AutoGlm.Cli.LoadTests;

/// <summary>What a load run left of the server, as far as it can be seen.</summary>
internal sealed record ServerCondition
{
    /// <summary>Resident bytes at their peak.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>Its memory when a quarter of the time was over, and at the end.</summary>
    public (MemorySample Quarter, MemorySample End)? Memory { get; init; }

    /// <summary>Its KV blocks, with nothing running; null where the server is not ours.</summary>
    public BlockAccount? Blocks { get; init; }
}
