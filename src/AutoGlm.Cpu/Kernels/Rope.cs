using System.Runtime.CompilerServices;
using RopeLayout = AutoGlm.Graph.Nodes.RopeLayout;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Rotary position embedding of all heads of some rows, in place.</summary>
internal unsafe struct RopeArgs
{
    /// <summary>[row][head][<see cref="HeadSize"/>].</summary>
    public Rows X;

    public int Heads, HeadSize;

    /// <summary>First rotated dimension of a head, and how many there are (even).</summary>
    public int Offset, Dimensions;

    public RopeLayout Layout;

    /// <summary>Of row n, dimension pair i: [n][i], <see cref="Dimensions"/> / 2 to a row.</summary>
    public Rows Cos, Sin;
}

internal static unsafe class Rope
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T>(in RopeArgs args, int row, int rowEnd) where T : unmanaged, ILanes<T>
    {
        for (; row < rowEnd; row++)
        {
            float* cos = args.Cos[row], sin = args.Sin[row];
            float* head = args.X[row] + args.Offset;
            for (int i = 0; i < args.Heads; i++, head += args.HeadSize)
            {
                if (args.Layout == RopeLayout.Halves) Halves<T>(head, args.Dimensions / 2, cos, sin);
                else Interleaved(head, args.Dimensions / 2, cos, sin);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves<T>(float* x, int half, float* cos, float* sin) where T : unmanaged, ILanes<T>
    {
        int i = 0;
        for (; i + T.Count <= half; i += T.Count) Rotate<T>(x + i, x + half + i, cos + i, sin + i);
        for (; i < half; i++) Rotate<LanesScalar>(x + i, x + half + i, cos + i, sin + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rotate<T>(float* x, float* y, float* cos, float* sin) where T : unmanaged, ILanes<T>
    {
        T a = T.Load(x), b = T.Load(y), c = T.Load(cos), s = T.Load(sin);
        T.Store(T.Subtract(T.Multiply(a, c), T.Multiply(b, s)), x);
        T.Store(T.MultiplyAdd(b, c, T.Multiply(a, s)), y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleaved(float* x, int pairs, float* cos, float* sin)
    {
        for (int i = 0; i < pairs; i++, x += 2)
        {
            float a = x[0], b = x[1];
            x[0] = a * cos[i] - b * sin[i];
            x[1] = b * cos[i] + a * sin[i];
        }
    }
}
