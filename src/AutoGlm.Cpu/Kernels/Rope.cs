using System.Runtime.CompilerServices;
using RopeLayout = AutoGlm.Graph.Nodes.RopeLayout;

namespace AutoGlm.Cpu.Kernels;

/// <summary>A rotation of some dimensions of a head, by an angle for each row.</summary>
internal struct Rotation
{
    /// <summary>First rotated dimension, and how many there are (even); 0 for no rotation.</summary>
    public int Offset, Dimensions;

    public RopeLayout Layout;

    /// <summary>Of row n, dimension pair i: [n][i], <see cref="Dimensions"/> / 2 to a row.</summary>
    public Rows Cos, Sin;
}

/// <summary>Rotary position embedding of all heads of some rows, in place.</summary>
internal struct RopeArgs
{
    /// <summary>[row][head][<see cref="HeadSize"/>].</summary>
    public Rows X;

    public int Heads, HeadSize;

    public Rotation Rotation;
}

internal static unsafe class Rope
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T>(in RopeArgs args, int row, int rowEnd) where T : unmanaged, ILanes<T>
    {
        for (; row < rowEnd; row++)
        {
            float* head = args.X[row];
            for (int i = 0; i < args.Heads; i++, head += args.HeadSize) Rotate<T>(head, args.Rotation, row);
        }
    }

    /// <summary>One head of a row, turned, to other memory; as it is where there is no rotation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy<T>(float* from, float* to, int size, in Rotation rotation, int row) where T : unmanaged, ILanes<T>
    {
        Elementwise.Map<T, CopyOp>(new Rows(from, 0), new Rows(to, 0), new Area(0, 1, 0, size), default);
        if (rotation.Dimensions > 0) Rotate<T>(to, rotation, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rotate<T>(float* head, in Rotation rotation, int row) where T : unmanaged, ILanes<T>
    {
        float* cos = rotation.Cos[row], sin = rotation.Sin[row];
        head += rotation.Offset;
        if (rotation.Layout == RopeLayout.Halves) Halves<T>(head, rotation.Dimensions / 2, cos, sin);
        else Interleaved(head, rotation.Dimensions / 2, cos, sin);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves<T>(float* x, int half, float* cos, float* sin) where T : unmanaged, ILanes<T>
    {
        int i = 0;
        for (; i + T.Count <= half; i += T.Count) Turn<T>(x + i, x + half + i, cos + i, sin + i);
        for (; i < half; i++) Turn<LanesScalar>(x + i, x + half + i, cos + i, sin + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn<T>(float* x, float* y, float* cos, float* sin) where T : unmanaged, ILanes<T>
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
