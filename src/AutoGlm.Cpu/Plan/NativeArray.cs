using System.Runtime.InteropServices;

namespace AutoGlm.Cpu.Plan;

/// <summary>Cache-line aligned native memory. The system commits its pages as they are first written.</summary>
internal sealed unsafe class NativeArray<T> : IDisposable where T : unmanaged
{
    private const int Alignment = 64;

    public NativeArray(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        Start = (T*)NativeMemory.AlignedAlloc(checked((nuint)(Math.Max(1, length) * sizeof(T))), Alignment);
    }

    public NativeArray(ReadOnlySpan<T> values)
        : this(values.Length)
    {
        values.CopyTo(new Span<T>(Start, values.Length));
    }

    ~NativeArray() => Free();

    public T* Start { get; private set; }

    public long Length { get; }

    public long Bytes => Length * sizeof(T);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Start);
        Start = null;
    }
}
