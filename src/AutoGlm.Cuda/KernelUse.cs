using AutoGlm.Cuda.Measuring;
using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda;

/// <summary>What a kernel takes of a multiprocessor, and what it gets out of the memory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="SharedBytes">Shared memory that it declares; what launches add comes on top.</param>
/// <param name="LocalBytes">Local memory of a thread: spilled registers, and arrays indexed at run time.</param>
/// <param name="MaxThreads">The most threads of a block.</param>
/// <param name="Occupancy">Threads that a multiprocessor holds of such blocks, as a fraction of the most it can hold.</param>
/// <param name="BytesPerSecond">Bytes a second that it reads and writes, measured now; null for kernels that memory does not limit.</param>
/// <param name="OfRead">That, as a fraction of a plain read of the card's memory.</param>
public sealed record KernelUse(string Name, int Registers, int SharedBytes, int LocalBytes, int MaxThreads, double Occupancy, double? BytesPerSecond, double? OfRead)
{
    /// <summary>Which tuning a card has, and all its kernels by name. Those that were never used are compiled first, which takes a while.</summary>
    /// <exception cref="NotSupportedException">There is no driver, no such card, or it is too old.</exception>
    /// <exception cref="InsufficientMemoryException">The card has too little free memory to measure.</exception>
    public static (string Tuning, IReadOnlyList<KernelUse> Kernels) List(int card = 0)
    {
        using CudaDevice device = CudaDevice.Open(card);
        using KernelLibrary kernels = new(device, CubinCache.DefaultFolder);
        kernels.Prepare(kernels.Names);
        using KernelRates rates = new(device, kernels);
        Dictionary<string, double> measured = rates.Measure().ToDictionary(rate => rate.Kernel, rate => rate.BytesPerSecond, StringComparer.Ordinal);
        return (device.Tuning.ToString(), [.. kernels.Names.Select(name => Of(kernels.Get(name), device, measured))]);
    }

    private static KernelUse Of(CudaFunction function, CudaDevice device, Dictionary<string, double> measured)
    {
        int blocks = function.BlocksPerMultiprocessor(function.MaxThreads, 0);
        double? rate = measured.TryGetValue(function.Name, out double known) ? known : null;
        return new KernelUse(
            function.Name,
            function.Registers,
            function.StaticSharedBytes,
            function.LocalBytes,
            function.MaxThreads,
            (double)blocks * function.MaxThreads / device.ThreadsPerMultiprocessor,
            rate,
            rate / measured[MemoryRead.Kernel]);
    }
}
