namespace AutoGlm.Engine.Sampling;

/// <summary>
/// Random numbers by a seed and a counter alone (SplitMix64's output function, twice): the same from the same seed on every machine and
/// in every version of .NET, which System.Random does not promise, and wherever a token is chosen, the CUDA backend's
/// <c>sampling.cu</c> included.
/// </summary>
internal sealed class RandomSource(ulong seed)
{
    private ulong _counter;

    /// <summary>The counter of the next number, for who makes it elsewhere.</summary>
    public ulong Next() => _counter++;

    /// <summary>Uniform in [0, 1), in steps of 2^-53.</summary>
    public double NextDouble() => Uniform(seed, Next());

    /// <summary>The number of a counter: uniform in [0, 1), in steps of 2^-53.</summary>
    public static double Uniform(ulong seed, ulong counter) => (Bits(seed, counter) >> 11) * (1.0 / (1UL << 53));

    private static ulong Bits(ulong seed, ulong counter)
    {
        ulong z = unchecked(seed + 0x9E3779B97F4A7C15 * (counter + 1));
        for (int i = 0; i < 2; i++)
        {
            z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
            z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
            z = unchecked((z ^ (z >> 31)) + seed);
        }

        return z;
    }
}
