using AutoGlm.Cuda.Modules;
using AutoGlm.Cuda.Tuning;

namespace AutoGlm.Cuda.Elementwise;

/// <summary>Blocks of flat kernels: a thread has its few elements of a row by its number in the grid, whatever the block's size.</summary>
internal static class FlatBlocks
{
    /// <summary>Threads of a block: the card's, as far as the kernel allows, else those that fill a multiprocessor best.</summary>
    /// <param name="tuning">Of the card.</param>
    /// <param name="function">The kernel.</param>
    /// <param name="threads">Threads that a row needs.</param>
    public static int Threads(CardTuning tuning, CudaFunction function, long threads) =>
        tuning.ElementThreads is { } most ? Math.Min(most, function.MaxThreads) : Fit(function.BestThreads, threads);

    /// <summary>No more warps than a row needs.</summary>
    public static int Fit(int best, long threads) => (int)Math.Clamp((threads + 31) / 32 * 32, 32, best);
}
