using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Sampling;

/// <summary>SamplingRow of sampling.cu: how a row's token is chosen.</summary>
internal struct SamplingRow
{
    /// <summary>Its size in ints.</summary>
    public const int Ints = 8;

    /// <summary>0 for greedy.</summary>
    public float Temperature;

    /// <summary>1 keeps all.</summary>
    public float TopP;

    /// <summary>0 keeps all.</summary>
    public float MinP;

    /// <summary>0 keeps all.</summary>
    public int TopK;

    /// <summary>The random number is a function of these two: count up the counter from token to token.</summary>
    public ulong Seed, Counter;
}

/// <summary>SampleArgs of sampling.cu.</summary>
internal struct SampleArgs
{
    /// <summary>float [rows][stride], <see cref="SamplingRow"/> [rows], int [rows].</summary>
    public nint Logits, Options, Tokens;
    public long Stride;
    public int Vocabulary;
}

/// <summary>
/// Chooses each row's token on the card, by the filters and in the order of Engine's sampler: top-k, top-p, min-p, temperature, draw by
/// rising id. A row without a number above minus infinity gets -1.
/// </summary>
internal sealed class SampleLauncher(KernelLibrary kernels)
{
    // The kernel's text has SampleThreads: its lists in shared memory are as many.
    private const int Threads = 1024, MostTokens = 1 << 24;

    private readonly CudaFunction _sample = kernels.Get("sample");

    /// <exception cref="ArgumentOutOfRangeException">The vocabulary has 2^24 tokens or more.</exception>
    public void Launch(CudaStream stream, in SampleArgs args, int rows, bool overlap = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(args.Vocabulary, MostTokens);
        _sample.Launch(stream, new Grid(rows), Threads, 0, args, overlap);
    }
}
