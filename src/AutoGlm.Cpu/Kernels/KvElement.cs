using System.Runtime.CompilerServices;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Reads and writes keys and values as one type.</summary>
internal unsafe interface IKvElement<TSelf> where TSelf : struct, IKvElement<TSelf>
{
    /// <summary>Bytes of a number, its scale aside.</summary>
    static abstract int Bytes { get; }

    /// <summary>Columns of a row from <paramref name="column"/> on, a multiple of the lanes' count.</summary>
    static abstract T Load<T>(in KvRow row, int column) where T : unmanaged, ILanes<T>;

    /// <summary>Stores a whole row.</summary>
    static abstract void Store<T>(float* from, in KvRow row, int columns) where T : unmanaged, ILanes<T>;
}

internal readonly unsafe struct KvF32 : IKvElement<KvF32>
{
    public static int Bytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(in KvRow row, int column) where T : unmanaged, ILanes<T> => T.Load((float*)row.Data + column);

    public static void Store<T>(float* from, in KvRow row, int columns) where T : unmanaged, ILanes<T> =>
        Elementwise.Map<T, CopyOp>(new Rows(from, 0), new Rows((float*)row.Data, 0), new Area(0, 1, 0, columns), default);
}

internal readonly unsafe struct KvF16 : IKvElement<KvF16>
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(in KvRow row, int column) where T : unmanaged, ILanes<T> => LaneMath.LoadHalf<T>((ushort*)row.Data + column);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<T>(float* from, in KvRow row, int columns) where T : unmanaged, ILanes<T>
    {
        ushort* to = (ushort*)row.Data;
        int i = 0;
        for (; i + T.Count <= columns; i += T.Count) LaneMath.StoreHalf(T.Load(from + i), to + i);
        for (; i < columns; i++) LaneMath.StoreHalf(LanesScalar.Load(from + i), to + i);
    }
}

/// <summary>Groups of signed bytes with a scale; columns are a multiple of <see cref="KvLayout.GroupLength"/>.</summary>
internal readonly unsafe struct KvQ8 : IKvElement<KvQ8>
{
    private const int Group = KvLayout.GroupLength;

    public static int Bytes => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(in KvRow row, int column) where T : unmanaged, ILanes<T> =>
        T.Multiply(T.ToSingle(T.LoadSByte(row.Data + column)), T.Splat(Scale(row.Scales[column / Group])));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<T>(float* from, in KvRow row, int columns) where T : unmanaged, ILanes<T>
    {
        ushort* scale = row.Scales;
        for (int start = 0; start < columns; start += Group, scale++)
        {
            T largest = T.Splat(0f);
            for (int i = start; i < start + Group; i += T.Count) largest = T.Max(largest, T.And(T.Load(from + i), T.Splat(int.MaxValue)));
            // The rounded scale divides, since it is what multiplies; what that, or a scale at its limit, leaves out of range is cut.
            LaneMath.StoreHalf(LanesScalar.Splat(T.Maximum(largest) / 127), scale);
            float inverse = *scale == 0 ? 0 : 1 / Scale(*scale);
            for (int i = start; i < start + Group; i += T.Count)
            {
                T scaled = T.Multiply(T.Load(from + i), T.Splat(inverse));
                T.StoreSByte(T.ToInt32(T.Max(T.Min(scaled, T.Splat(127f)), T.Splat(-127f))), row.Data + i);
            }
        }
    }

    /// <summary>A half that is neither negative nor infinite, exactly: its bits are a float's but for the exponent's bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale(ushort half) => BitConverter.UInt32BitsToSingle((uint)half << 13) * BitConverter.Int32BitsToSingle((127 + 112) << 23);
}
