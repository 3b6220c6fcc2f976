using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda;

/// <summary>What a kernel takes of a multiprocessor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="SharedBytes">Shared memory that it declares; what launches add comes on top.</param>
/// <param name="LocalBytes">Local memory of a thread: spilled registers, and arrays indexed at run time.</param>
/// <param name="MaxThreads">The most threads of a block.</param>
/// <param name="Occupancy">Threads that a multiprocessor holds of such blocks, as a fraction of the most it can hold.</param>
public sealed record KernelUse(string Name, int Registers, int SharedBytes, int LocalBytes, int MaxThreads, double Occupancy)
{
    /// <summary>All kernels of a card, by name. Those that were never used are compiled first, which takes a while.</summary>
    /// <exception cref="NotSupportedException">There is no driver, no such card, or it is too old.</exception>
    public static IReadOnlyList<KernelUse> List(int card = 0)
    {
        using CudaDevice device = CudaDevice.Open(card);
        using KernelLibrary kernels = new(device, CubinCache.DefaultFolder);
        kernels.Prepare(kernels.Names);
        return [.. kernels.Names.Select(name => Of(kernels.Get(name), device))];
    }

    private static KernelUse Of(CudaFunction function, CudaDevice device)
    {
        int blocks = function.BlocksPerMultiprocessor(function.MaxThreads, 0);
        return new KernelUse(
            function.Name, function.Registers, function.StaticSharedBytes, function.LocalBytes, function.MaxThreads, (double)blocks * function.MaxThreads / device.ThreadsPerMultiprocessor);
    }
}
