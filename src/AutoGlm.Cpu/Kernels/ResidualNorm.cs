using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>What rows are divided and multiplied by: an RMS norm of whole rows. No gain, no norm.</summary>
internal readonly unsafe struct RowNorm(float* gain, float epsilon)
{
    public float* Gain { get; } = gain;

    public float Epsilon { get; } = epsilon;
}

/// <summary>y = a + b, or a + norm(b). Rows of y are none of a's or b's, since all of those are read for each column.</summary>
internal unsafe struct ResidualArgs
{
    public Rows A, B, Y;

    public RowNorm Norm;

    public int Columns;
}

/// <summary>
/// Norms together with what surrounds them, so that nothing lies in memory between. Each does to a number just what norm, sum
/// and quantisation do one by one, so the bits are the same.
/// </summary>
internal static unsafe class ResidualNorm
{
    /// <summary>y = a + norm(b), of some rows and columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<T>(in ResidualArgs args, in Area area) where T : unmanaged, ILanes<T>
    {
        for (int row = area.Row; row < area.RowEnd; row++)
        {
            NormedSumRow sum = SumOf<T>(args, row);
            float* y = args.Y[row];
            int i = area.Column;
            for (; i + T.Count <= area.ColumnEnd; i += T.Count) T.Store(sum.At<T>(i), y + i);
            for (; i < area.ColumnEnd; i++) LanesScalar.Store(sum.At<LanesScalar>(i), y + i);
        }
    }

    /// <summary>Quantises norm(x) where x is <paramref name="x"/>'s values; columns as <see cref="ActivationQuantizer"/> has them.</summary>
    public static void Quantize<T>(in Activations x, RowNorm norm, in Area area) where T : unmanaged, ILanes<T>
    {
        for (int row = area.Row; row < area.RowEnd; row++) Quantize<T, StoredRow>(new(x.Values + row * x.Stride), null, x, norm, row, area);
    }

    /// <summary>Both: y = a + b or a + norm(b), and norm(y) quantised.</summary>
    public static void AddQuantize<T>(in ResidualArgs args, in Activations x, RowNorm norm, in Area area) where T : unmanaged, ILanes<T>
    {
        for (int row = area.Row; row < area.RowEnd; row++)
        {
            if (args.Norm.Gain == null) Quantize<T, SumRow>(new(args.A[row], args.B[row]), args.Y[row], x, norm, row, area);
            else Quantize<T, NormedSumRow>(SumOf<T>(args, row), args.Y[row], x, norm, row, area);
        }
    }

    private static NormedSumRow SumOf<T>(in ResidualArgs args, int row) where T : unmanaged, ILanes<T>
    {
        StoredRow b = new(args.B[row]);
        return new(args.A[row], new(b, Normalization.ScaleOf<T, StoredRow>(b, args.Columns, args.Norm.Epsilon), args.Norm.Gain));
    }

    /// <summary>Quantises norm(source), and stores the source in y, if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize<T, TRow>(TRow source, float* y, in Activations x, RowNorm norm, int row, in Area area)
        where T : unmanaged, ILanes<T>
        where TRow : struct, IRowSource
    {
        NormedRow<TRow> normed = new(source, Normalization.ScaleOf<T, TRow>(source, x.Columns, norm.Epsilon), norm.Gain);
        float* group = stackalloc float[Activations.GroupLength];
        for (int column = area.Column; column < area.ColumnEnd; column += Activations.GroupLength)
        {
            for (int i = 0; i < Activations.GroupLength; i += T.Count)
            {
                if (y != null) T.Store(source.At<T>(column + i), y + column + i);
                T.Store(normed.At<T>(column + i), group + i);
            }

            ActivationQuantizer.Group<T>(group, x, row, column / Activations.GroupLength);
        }
    }
}
