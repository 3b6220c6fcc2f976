namespace AutoGlm.Cuda.Tuning;

/// <summary>What a card says of itself that launches depend on.</summary>
/// <param name="Name">The driver's name for it.</param>
/// <param name="ComputeCapability">8.0 or later.</param>
/// <param name="ThreadsPerMultiprocessor">The most threads that a multiprocessor holds.</param>
/// <param name="SharedBytesPerBlock">The most shared memory that a block may ask for.</param>
/// <param name="SharedBytesPerMultiprocessor">Shared memory of a multiprocessor, of which each block takes <see cref="ReservedBytes"/> beside its own.</param>
internal sealed record CardAttributes(string Name, Version ComputeCapability, int ThreadsPerMultiprocessor, int SharedBytesPerBlock, int SharedBytesPerMultiprocessor)
{
    /// <summary>Shared memory that the driver keeps of each block.</summary>
    public const int ReservedBytes = 1024;

    /// <summary>The most shared memory of a block that is alone on a multiprocessor.</summary>
    public int SharedBytes => Math.Min(SharedBytesPerBlock, SharedBytesPerMultiprocessor - ReservedBytes);
}
