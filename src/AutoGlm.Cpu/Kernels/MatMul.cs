using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>What a matmul reads and writes.</summary>
internal unsafe struct MatMulArgs
{
    public PackedMatrix Weights;

    /// <summary>Which matrix of a stack of experts.</summary>
    public int Matrix;

    /// <summary>Its columns are the weights'; quantised (and a barrier passed) unless the weights are floats.</summary>
    public Activations X;

    /// <summary>One float per output row, or null.</summary>
    public float* Bias;

    /// <summary>[activation row][output row]; row n starts at n <see cref="YStride"/>.</summary>
    public float* Y;

    public long YStride;

    /// <summary>Adds to what <see cref="Y"/> holds.</summary>
    public bool Accumulate;
}

/// <summary>y = x Wᵀ (+ bias) (+ y), output panels and then activation rows shared out over threads.</summary>
internal static unsafe class MatMul
{
    /// <summary>Activation rows that meet a panel at a time: their sums take 128 bytes each.</summary>
    private const int TileRows = 64;

    private const int PanelRows = PackedMatrix.PanelRows;

    [SkipLocalsInit]
    public static void Run<T>(in MatMulArgs args, bool dots, int thread, int threads) where T : unmanaged, ILanes<T>
    {
        byte* memory = stackalloc byte[TileRows * PanelRows * sizeof(float) + 64];
        float* sums = (float*)(((nint)memory + 63) & ~63);
        int panels = args.Weights.PanelsPerMatrix;
        int tiles = (args.X.Rows + TileRows - 1) / TileRows;
        (int unit, int end) = WorkRange.Of(checked(panels * tiles), thread, threads);
        for (; unit < end; unit++)
        {
            int panel = unit % panels, row = unit / panels * TileRows;
            int count = Math.Min(TileRows, args.X.Rows - row);
            new Span<float>(sums, count * PanelRows).Clear();
            args.Weights.Format.Multiply<T>(args.Weights.PanelAt(args.Matrix, panel), args.X, row, count, sums, dots);
            Finish<T>(args, panel * PanelRows, row, count, sums);
        }
    }

    private static void Finish<T>(in MatMulArgs args, int output, int row, int count, float* sums) where T : unmanaged, ILanes<T>
    {
        int outputs = Math.Min(PanelRows, args.Weights.RowsPerMatrix - output);
        float* bias = args.Bias == null ? null : args.Bias + output;
        for (int n = 0; n < count; n++, sums += PanelRows)
        {
            float* y = args.Y + (row + n) * args.YStride + output;
            int i = 0;
            for (; i + T.Count <= outputs; i += T.Count) Finish<T>(sums + i, bias == null ? null : bias + i, y + i, args.Accumulate);
            for (; i < outputs; i++) Finish<LanesScalar>(sums + i, bias == null ? null : bias + i, y + i, args.Accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(float* sum, float* bias, float* y, bool accumulate) where T : unmanaged, ILanes<T>
    {
        T value = T.Load(sum);
        if (bias != null) value = T.Add(value, T.Load(bias));
        if (accumulate) value = T.Add(value, T.Load(y));
        T.Store(value, y);
    }
}
