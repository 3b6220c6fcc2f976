using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Reads and writes keys and values as one element type.</summary>
internal unsafe interface IKvElement<TSelf> where TSelf : struct, IKvElement<TSelf>
{
    static abstract int Bytes { get; }

    static abstract T Load<T>(byte* source) where T : unmanaged, ILanes<T>;

    static abstract void Store<T>(T value, byte* destination) where T : unmanaged, ILanes<T>;
}

internal readonly unsafe struct KvF32 : IKvElement<KvF32>
{
    public static int Bytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* source) where T : unmanaged, ILanes<T> => T.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T value, byte* destination) where T : unmanaged, ILanes<T> => T.Store(value, destination);
}

internal readonly unsafe struct KvF16 : IKvElement<KvF16>
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T>(byte* source) where T : unmanaged, ILanes<T> => LaneMath.LoadHalf<T>(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(T value, byte* destination) where T : unmanaged, ILanes<T> => LaneMath.StoreHalf(value, destination);
}
