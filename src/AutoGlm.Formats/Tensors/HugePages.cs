using System.Runtime.InteropServices;

namespace AutoGlm.Formats.Tensors;

/// <summary>Large pages for native memory: streams of weights then cross a page end every 2 MiB rather than every 4 KiB.</summary>
public static unsafe partial class HugePages
{
    /// <summary>Bytes of a huge page, and what its address is a multiple of.</summary>
    public const int Size = 2 << 20;

    private const int UseHugePages = 14;

    /// <summary>
    /// Allocates memory that is not yet touched, its whole huge pages advised as such where the system gives them on request;
    /// what is left over at the end, and memory smaller than one, stays in ordinary pages. At least 64-byte aligned.
    /// </summary>
    /// <returns>To be freed by <see cref="NativeMemory.AlignedFree"/>.</returns>
    /// <exception cref="OutOfMemoryException">There is not so much.</exception>
    public static byte* Allocate(nuint bytes)
    {
        bool large = bytes >= Size;
        byte* address = (byte*)NativeMemory.AlignedAlloc(Math.Max(64, bytes), large ? (nuint)Size : 64);
        // A failure leaves ordinary pages: nothing to do about it.
        if (large && OperatingSystem.IsLinux()) _ = Advise(address, bytes / Size * Size, UseHugePages);
        return address;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
