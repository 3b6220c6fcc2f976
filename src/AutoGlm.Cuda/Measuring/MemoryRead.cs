using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;

namespace AutoGlm.Cuda.Measuring;

/// <summary>What a card's memory gives at most: a plain read of much of it.</summary>
internal static class MemoryRead
{
    /// <summary>The kernel that reads.</summary>
    public const string Kernel = "read_memory";

    private const int Threads = 512, BlocksPerMultiprocessor = 8, Repetitions = 9;
    private const long MostBytes = 4L << 30;

    /// <summary>Bytes a second; what is read is many times what the card's cache holds, and at most half of what is free.</summary>
    /// <exception cref="InsufficientMemoryException">There is not enough free memory to tell.</exception>
    public static double Rate(CudaDevice device, CudaStream stream, KernelLibrary kernels)
    {
        long bytes = Math.Min(MostBytes, device.FreeBytes / 2) / (1 << 20) * (1 << 20);
        if (bytes < 8L * device.L2Bytes) throw DeviceBuffer.OutOfMemory(device, 16L * device.L2Bytes, "a measurement of its memory");
        using DeviceBuffer memory = new(device, bytes, "a measurement of its memory");
        stream.Fill(memory.Address, 0x5A, bytes);
        CudaFunction read = kernels.Get(Kernel);
        ReadArgs args = new() { From = memory.Address, To = memory.Address, Count = bytes / 16 };
        return bytes / StreamTimer.Median(stream, Repetitions, () => read.Launch(stream, new Grid(BlocksPerMultiprocessor * device.Multiprocessors), Threads, 0, args));
    }

    private struct ReadArgs
    {
        public nint From, To;
        public long Count;
    }
}
