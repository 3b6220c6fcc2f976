using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>y = f(x), lane by lane.</summary>
internal interface IUnary
{
    T Apply<T>(T x) where T : unmanaged, ILanes<T>;
}

/// <summary>y = f(a, b), lane by lane.</summary>
internal interface IBinary
{
    T Apply<T>(T a, T b) where T : unmanaged, ILanes<T>;
}

/// <summary>Loops of elementwise kernels; results may overwrite operands.</summary>
internal static unsafe class Elementwise
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map<T, TOp>(Rows x, Rows y, in Area area, TOp op)
        where T : unmanaged, ILanes<T>
        where TOp : struct, IUnary
    {
        for (int row = area.Row; row < area.RowEnd; row++)
        {
            float* from = x[row], to = y[row];
            int i = area.Column;
            for (; i + T.Count <= area.ColumnEnd; i += T.Count) T.Store(op.Apply(T.Load(from + i)), to + i);
            for (; i < area.ColumnEnd; i++) LanesScalar.Store(op.Apply(LanesScalar.Load(from + i)), to + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Zip<T, TOp>(Rows a, Rows b, Rows y, in Area area, TOp op)
        where T : unmanaged, ILanes<T>
        where TOp : struct, IBinary
    {
        for (int row = area.Row; row < area.RowEnd; row++)
        {
            float* left = a[row], right = b[row], to = y[row];
            int i = area.Column;
            for (; i + T.Count <= area.ColumnEnd; i += T.Count) T.Store(op.Apply(T.Load(left + i), T.Load(right + i)), to + i);
            for (; i < area.ColumnEnd; i++) LanesScalar.Store(op.Apply(LanesScalar.Load(left + i), LanesScalar.Load(right + i)), to + i);
        }
    }
}
