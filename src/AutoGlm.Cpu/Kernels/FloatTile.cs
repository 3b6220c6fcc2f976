using System.Runtime.CompilerServices;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Weights that are floating-point numbers: a panel is [column][32 rows] of them.</summary>
internal unsafe interface IFloatFormat<TSelf> where TSelf : struct, IFloatFormat<TSelf>
{
    static abstract TensorType Type { get; }

    static abstract int Bytes { get; }

    static abstract T Load<T>(byte* source) where T : unmanaged, ILanes<T>;
}

internal readonly unsafe struct PackedF32 : IFloatFormat<PackedF32>
{
    public static TensorType Type => TensorType.F32;
    public static int Bytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* source) where T : unmanaged, ILanes<T> => T.Load(source);
}

internal readonly unsafe struct PackedF16 : IFloatFormat<PackedF16>
{
    public static TensorType Type => TensorType.F16;
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* source) where T : unmanaged, ILanes<T> => LaneMath.LoadHalf<T>(source);
}

internal readonly unsafe struct PackedBF16 : IFloatFormat<PackedBF16>
{
    public static TensorType Type => TensorType.BF16;
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* source) where T : unmanaged, ILanes<T> => T.ShiftLeft32(T.LoadUInt16(source), 16);
}

/// <summary>
/// The output rows of a panel times some activation rows in float32: eight columns of weights in registers meet each row.
/// Instructions in the inner loop, as compiled for AVX-512, per 256 multiply-accumulates: 8 broadcasts, 16 products, 2
/// sums, loads and stores, loop: 35, or 0.137 each.
/// </summary>
internal static unsafe class FloatTile<T, TFormat>
    where T : unmanaged, ILanes<T>
    where TFormat : struct, IFloatFormat<TFormat>
{
    private const int Rows = Panel.Rows;

    /// <summary>Adds to <paramref name="sums"/> ([row][32]) the products of activation rows from <paramref name="row"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(byte* panel, in Activations x, int row, int count, float* sums)
    {
        int step = Rows * TFormat.Bytes, column = 0;
        float* values = x.Values + row * x.Stride;
        for (; column + 8 <= x.Columns; column += 8, panel += 8 * step)
        {
            Prefetch.Ahead(panel, 8 * step);
            for (int lane = 0; lane < Rows; lane += T.Count)
            {
                Eight(panel + lane * TFormat.Bytes, step, values + column, x.Stride, count, sums + lane);
            }
        }

        for (; column < x.Columns; column++, panel += step)
        {
            for (int lane = 0; lane < Rows; lane += T.Count)
            {
                T w = TFormat.Load<T>(panel + lane * TFormat.Bytes);
                for (int n = 0; n < count; n++)
                {
                    float* sum = sums + n * Rows + lane;
                    T.Store(T.MultiplyAdd(w, T.Broadcast(values + n * x.Stride + column), T.Load(sum)), sum);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(byte* w, int step, float* x, long stride, int count, float* sums)
    {
        T w0 = TFormat.Load<T>(w), w1 = TFormat.Load<T>(w + step), w2 = TFormat.Load<T>(w + 2 * step);
        T w3 = TFormat.Load<T>(w + 3 * step), w4 = TFormat.Load<T>(w + 4 * step), w5 = TFormat.Load<T>(w + 5 * step);
        T w6 = TFormat.Load<T>(w + 6 * step), w7 = TFormat.Load<T>(w + 7 * step);
        for (float* end = sums + Rows * count; sums < end; sums += Rows, x += stride)
        {
            T a = T.MultiplyAdd(w0, T.Broadcast(x), T.Load(sums));
            T b = T.Multiply(w1, T.Broadcast(x + 1));
            a = T.MultiplyAdd(w2, T.Broadcast(x + 2), a);
            b = T.MultiplyAdd(w3, T.Broadcast(x + 3), b);
            a = T.MultiplyAdd(w4, T.Broadcast(x + 4), a);
            b = T.MultiplyAdd(w5, T.Broadcast(x + 5), b);
            a = T.MultiplyAdd(w6, T.Broadcast(x + 6), a);
            b = T.MultiplyAdd(w7, T.Broadcast(x + 7), b);
            T.Store(T.Add(a, b), sums);
        }
    }
}
