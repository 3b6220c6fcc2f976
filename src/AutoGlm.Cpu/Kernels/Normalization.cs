using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Kernels that reduce a row: norms and softmax. Results may overwrite operands.</summary>
internal static unsafe class Normalization
{
    /// <summary>Each group of a row divided by its root mean square, times the weight (one group long; null for ones).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm<T>(Rows x, float* weight, Rows y, in Area area, int group, float epsilon) where T : unmanaged, ILanes<T>
    {
        for (int row = area.Row; row < area.RowEnd; row++)
        {
            for (int start = area.Column / group * group; start < area.ColumnEnd; start += group)
            {
                float* from = x[row] + start, to = y[row] + start;
                NormedRow<StoredRow> normed = new(new(from), ScaleOf<T, StoredRow>(new(from), group, epsilon), weight);
                int i = Math.Max(0, area.Column - start), end = Math.Min(group, area.ColumnEnd - start);
                for (; i + T.Count <= end; i += T.Count) T.Store(normed.At<T>(i), to + i);
                for (; i < end; i++) LanesScalar.Store(normed.At<LanesScalar>(i), to + i);
            }
        }
    }

    /// <summary>Rows with mean 0 and variance 1, times the weight, plus the bias (either may be null).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LayerNorm<T>(Rows x, float* weight, float* bias, Rows y, int row, int rowEnd, int columns, float epsilon)
        where T : unmanaged, ILanes<T>
    {
        for (; row < rowEnd; row++)
        {
            float* from = x[row], to = y[row];
            float mean = Sum<T>(from, columns) / columns;
            float scale = 1 / MathF.Sqrt(SumOfSquares<T, StoredRow>(new(from), mean, columns) / columns + epsilon);
            int i = 0;
            for (; i + T.Count <= columns; i += T.Count) Centred<T>(i);
            for (; i < columns; i++) Centred<LanesScalar>(i);

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            void Centred<TLanes>(int at) where TLanes : unmanaged, ILanes<TLanes>
            {
                TLanes value = TLanes.Multiply(TLanes.Subtract(TLanes.Load(from + at), TLanes.Splat(mean)), TLanes.Splat(scale));
                if (weight != null) value = TLanes.Multiply(value, TLanes.Load(weight + at));
                if (bias != null) value = TLanes.Add(value, TLanes.Load(bias + at));
                TLanes.Store(value, to + at);
            }
        }
    }

    /// <summary>Rows of exp(scale x) that sum to one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax<T>(Rows x, Rows y, int row, int rowEnd, int columns, float scale) where T : unmanaged, ILanes<T>
    {
        for (; row < rowEnd; row++)
        {
            float* from = x[row], to = y[row];
            float largest = float.NegativeInfinity;
            for (int j = 0; j < columns; j++) largest = MathF.Max(largest, scale * from[j]);
            int i = 0;
            for (; i + T.Count <= columns; i += T.Count) T.Store(Power<T>(from + i, scale, largest), to + i);
            for (; i < columns; i++) LanesScalar.Store(Power<LanesScalar>(from + i, scale, largest), to + i);
            float inverse = 1 / Sum<T>(to, columns);
            for (int j = 0; j < columns; j++) to[j] *= inverse;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Power<T>(float* x, float scale, float largest) where T : unmanaged, ILanes<T> =>
        LaneMath.Exp(T.Subtract(T.Multiply(T.Load(x), T.Splat(scale)), T.Splat(largest)));

    /// <summary>One over the root mean square of a row.</summary>
    public static float ScaleOf<T, TRow>(TRow x, int columns, float epsilon) where T : unmanaged, ILanes<T> where TRow : struct, IRowSource =>
        1 / MathF.Sqrt(SumOfSquares<T, TRow>(x, 0, columns) / columns + epsilon);

    private static float Sum<T>(float* x, int count) where T : unmanaged, ILanes<T>
    {
        T sum = T.Splat(0f);
        int i = 0;
        for (; i + T.Count <= count; i += T.Count) sum = T.Add(sum, T.Load(x + i));
        float total = T.Sum(sum);
        for (; i < count; i++) total += x[i];
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SumOfSquares<T, TRow>(TRow x, float mean, int count) where T : unmanaged, ILanes<T> where TRow : struct, IRowSource
    {
        T sum = T.Splat(0f);
        int i = 0;
        for (; i + T.Count <= count; i += T.Count)
        {
            T value = T.Subtract(x.At<T>(i), T.Splat(mean));
            sum = T.MultiplyAdd(value, value, sum);
        }

        float total = T.Sum(sum);
        for (; i < count; i++)
        {
            LanesScalar value = LanesScalar.Subtract(x.At<LanesScalar>(i), LanesScalar.Splat(mean));
            total += LanesScalar.Sum(LanesScalar.Multiply(value, value));
        }

        return total;
    }
}
