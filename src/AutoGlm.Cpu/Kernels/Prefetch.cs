using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// Asks for weights before they are needed. The processor's own prefetchers stop at page ends and see too few loads of a
/// kernel at a time to fill the memory's queue; a kernel that reads a stream of weights asks for it in two steps.
/// </summary>
internal static unsafe class Prefetch
{
    /// <summary>Bytes ahead of the reader: into the first cache, and before that into the second.</summary>
    private const int Near = 1024, Far = 8192;

    private const int Line = 64;

    /// <summary>To be called once for each part of a stream, as the reader comes to it; may run past the stream's end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(byte* from, int bytes)
    {
        if (!Sse.IsSupported) return;
        for (byte* end = from + bytes; from < end; from += Line)
        {
            Sse.Prefetch0(from + Near);
            Sse.Prefetch1(from + Far);
        }
    }
}
