using AutoGlm.Cuda.Tuning;

namespace AutoGlm.Cuda.Tests.Tuning;

/// <summary>What cards say of themselves, by the CUDA programming guide's table of compute capabilities.</summary>
internal static class Cards
{
    public static readonly CardAttributes H100 = new("NVIDIA H100 80GB HBM3", new Version(9, 0), 2048, 227 << 10, 228 << 10);

    /// <summary>A card by its compute capability: 8.0 has 164 KB of shared memory to a multiprocessor, the later ones here have 100 KB.</summary>
    public static CardAttributes Of(string capability) => capability == "8.0"
        ? new("a card", new Version(capability), 2048, 163 << 10, 164 << 10)
        : new("a card", new Version(capability), 1536, 99 << 10, 100 << 10);
}
