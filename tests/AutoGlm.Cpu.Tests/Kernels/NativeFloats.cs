using System.Runtime.InteropServices;

namespace AutoGlm.Cpu.Tests.Kernels;

/// <summary>Floats outside the managed heap, with guard values behind them that a kernel must not touch.</summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    private const float Guard = 12345.678f;
    private const int Guards = 16;

    public NativeFloats(long count)
    {
        Count = (int)count;
        Data = (float*)NativeMemory.AlignedAlloc((nuint)(count + Guards) * sizeof(float), 64);
        new Span<float>(Data, Count).Fill(float.NaN);
        new Span<float>(Data + Count, Guards).Fill(Guard);
    }

    public NativeFloats(float[] values) : this(values.Length) => values.CopyTo(Span);

    public int Count { get; }

    public float* Data { get; }

    public Span<float> Span => new(Data, Count);

    public float this[int index] => Span[index];

    public Rows Rows(long stride) => new(Data, stride);

    public void Dispose()
    {
        bool intact = !new Span<float>(Data + Count, Guards).ContainsAnyExcept(Guard);
        NativeMemory.AlignedFree(Data);
        Assert.True(intact, "wrote past the end");
    }
}
