using System.Runtime.InteropServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Native memory for weights, in huge pages where the system gives them on request.</summary>
internal sealed unsafe partial class PanelMemory : IDisposable
{
    private const int HugePage = 2 << 20, UseHugePages = 14;

    public PanelMemory(long bytes)
    {
        bool large = bytes >= 4 * HugePage;
        Address = (byte*)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(64, bytes)), large ? (nuint)HugePage : 64);
        if (large && OperatingSystem.IsLinux()) Advise(Address, (nuint)bytes, UseHugePages);
    }

    ~PanelMemory() => Free();

    public byte* Address { get; private set; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Address);
        Address = null;
    }

    // A failure leaves ordinary pages: nothing to do about it.
    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
