using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>A row of floats that may be computed as it is read; read twice it has the same bits.</summary>
internal interface IRowSource
{
    T At<T>(int column) where T : unmanaged, ILanes<T>;
}

/// <summary>A row in memory.</summary>
internal readonly unsafe struct StoredRow(float* x) : IRowSource
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(int column) where T : unmanaged, ILanes<T> => T.Load(x + column);
}

/// <summary>a + b.</summary>
internal readonly unsafe struct SumRow(float* a, float* b) : IRowSource
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(int column) where T : unmanaged, ILanes<T> => T.Add(T.Load(a + column), T.Load(b + column));
}

/// <summary>x scale gain: a normed row. No gain is ones.</summary>
internal readonly unsafe struct NormedRow<TRow>(TRow x, float scale, float* gain) : IRowSource where TRow : struct, IRowSource
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(int column) where T : unmanaged, ILanes<T>
    {
        T value = T.Multiply(x.At<T>(column), T.Splat(scale));
        return gain == null ? value : T.Multiply(value, T.Load(gain + column));
    }
}

/// <summary>a + norm(b).</summary>
internal readonly unsafe struct NormedSumRow(float* a, NormedRow<StoredRow> b) : IRowSource
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T At<T>(int column) where T : unmanaged, ILanes<T> => T.Add(T.Load(a + column), b.At<T>(column));
}
