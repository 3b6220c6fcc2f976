using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Four lanes: AdvSimd, SSE, or whatever the runtime makes of 128-bit vectors.</summary>
internal readonly unsafe struct Lanes128(Vector128<byte> value) : ILanes<Lanes128>
{
    private readonly Vector128<byte> _value = value;

    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static int Count => 4;

    private Vector128<ushort> Words => _value.AsUInt16();

    private Vector128<int> Integers => _value.AsInt32();

    private Vector128<float> Singles => _value.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(void* source) => new(Vector128.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, void* destination) => value._value.Store((byte*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(void* source) => new(Vector128.Create(*(int*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Splat(int value) => new(Vector128.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Splat(float value) => new(Vector128.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 And(Lanes128 a, Lanes128 b) => new((a.Integers & b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Or(Lanes128 a, Lanes128 b) => new((a.Integers | b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Xor(Lanes128 a, Lanes128 b) => new((a.Integers ^ b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Select(Lanes128 mask, Lanes128 a, Lanes128 b) =>
        new(Vector128.ConditionalSelect(mask.Integers, a.Integers, b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftLeft16(Lanes128 a, int count) => new(Vector128.ShiftLeft(a.Words, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftRight16(Lanes128 a, int count) => new(Vector128.ShiftRightLogical(a.Words, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftRightSigned16(Lanes128 a, int count) =>
        new(Vector128.ShiftRightArithmetic(a._value.AsInt16(), count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftLeft32(Lanes128 a, int count) => new(Vector128.ShiftLeft(a.Integers, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftRight32(Lanes128 a, int count) => new(Vector128.ShiftRightLogical(a.Integers, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add16(Lanes128 a, Lanes128 b) => new((a.Words + b.Words).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add32(Lanes128 a, Lanes128 b) => new((a.Integers + b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Subtract32(Lanes128 a, Lanes128 b) => new((a.Integers - b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd8(Lanes128 unsigned, Lanes128 signed)
    {
        if (Ssse3.IsSupported) return new(Ssse3.MultiplyAddAdjacent(unsigned._value, signed._value.AsSByte()).AsByte());
        (Vector128<ushort> a0, Vector128<ushort> a1) = Vector128.Widen(unsigned._value);
        (Vector128<short> b0, Vector128<short> b1) = Vector128.Widen(signed._value.AsSByte());
        return new(AddNeighbours(a0.AsInt16() * b0, a1.AsInt16() * b1).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd16(Lanes128 a, Lanes128 b)
    {
        if (Sse2.IsSupported) return new(Sse2.MultiplyAddAdjacent(a._value.AsInt16(), b._value.AsInt16()).AsByte());
        (Vector128<int> a0, Vector128<int> a1) = Vector128.Widen(a._value.AsInt16());
        (Vector128<int> b0, Vector128<int> b1) = Vector128.Widen(b._value.AsInt16());
        return new(AddNeighbours(a0 * b0, a1 * b1).AsByte());
    }

    // Products of formats that reach here stay within 16 bits, so this does not saturate as the x86 instruction does.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> AddNeighbours(Vector128<short> a, Vector128<short> b)
    {
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.AddPairwise(a, b);
        Vector128<int> low = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(a.AsInt32(), 16), 16) + Vector128.ShiftRightArithmetic(a.AsInt32(), 16);
        Vector128<int> high = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(b.AsInt32(), 16), 16) + Vector128.ShiftRightArithmetic(b.AsInt32(), 16);
        return Vector128.Narrow(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddNeighbours(Vector128<int> a, Vector128<int> b)
    {
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.AddPairwise(a, b);
        Vector128<long> low = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(a.AsInt64(), 32), 32) + Vector128.ShiftRightArithmetic(a.AsInt64(), 32);
        Vector128<long> high = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(b.AsInt64(), 32), 32) + Vector128.ShiftRightArithmetic(b.AsInt64(), 32);
        return Vector128.Narrow(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Lookup(byte* table, Lanes128 indices) => new(Vector128.Shuffle(Vector128.Load(table), indices._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes128 a) =>
        MathF.Max(MathF.Max(a.Singles[0], a.Singles[1]), MathF.Max(a.Singles[2], a.Singles[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadUInt16(void* source) =>
        new(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadSByte(void* source) =>
        new(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)source).AsSByte())).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt16(Lanes128 value, void* destination) =>
        *(ulong*)destination = Vector128.Narrow(value.Integers, value.Integers).AsUInt64().ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSByte(Lanes128 value, void* destination)
    {
        Vector128<short> words = Vector128.Narrow(value.Integers, value.Integers);
        *(uint*)destination = Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ToSingle(Lanes128 integers) => new(Vector128.ConvertToSingle(integers.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ToInt32(Lanes128 singles) => new(Vector128.ConvertToInt32Native(Vector128.Round(singles.Singles)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 a, Lanes128 b) => new((a.Singles + b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Subtract(Lanes128 a, Lanes128 b) => new((a.Singles - b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Multiply(Lanes128 a, Lanes128 b) => new((a.Singles * b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Divide(Lanes128 a, Lanes128 b) => new((a.Singles / b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) =>
        new(Vector128.MultiplyAddEstimate(a.Singles, b.Singles, c.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 a, Lanes128 b) => new(Vector128.MinNative(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(Vector128.MaxNative(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Sqrt(Lanes128 a) => new(Vector128.Sqrt(a.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Round(Lanes128 a) => new(Vector128.Round(a.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Less(Lanes128 a, Lanes128 b) => new(Vector128.LessThan(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 a)
    {
        Vector128<float> pairs = a.Singles + Vector128.Shuffle(a.Singles, Vector128.Create(2, 3, 0, 1));
        return (pairs + Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
