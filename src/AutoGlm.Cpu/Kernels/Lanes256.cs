using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Eight lanes: AVX2.</summary>
internal readonly unsafe struct Lanes256(Vector256<byte> value) : ILanes<Lanes256>
{
    private readonly Vector256<byte> _value = value;

    public static bool IsSupported => Avx2.IsSupported;

    public static int Count => 8;

    private Vector256<ushort> Words => _value.AsUInt16();

    private Vector256<int> Integers => _value.AsInt32();

    private Vector256<float> Singles => _value.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(void* source) => new(Vector256.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, void* destination) => value._value.Store((byte*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(void* source) => new(Vector256.Create(*(int*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Splat(int value) => new(Vector256.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Splat(float value) => new(Vector256.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 And(Lanes256 a, Lanes256 b) => new((a.Integers & b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Or(Lanes256 a, Lanes256 b) => new((a.Integers | b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Xor(Lanes256 a, Lanes256 b) => new((a.Integers ^ b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Select(Lanes256 mask, Lanes256 a, Lanes256 b) =>
        new(Vector256.ConditionalSelect(mask.Integers, a.Integers, b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftLeft16(Lanes256 a, int count) => new(Vector256.ShiftLeft(a.Words, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftRight16(Lanes256 a, int count) => new(Vector256.ShiftRightLogical(a.Words, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftRightSigned16(Lanes256 a, int count) =>
        new(Vector256.ShiftRightArithmetic(a._value.AsInt16(), count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftLeft32(Lanes256 a, int count) => new(Vector256.ShiftLeft(a.Integers, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftRight32(Lanes256 a, int count) => new(Vector256.ShiftRightLogical(a.Integers, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add16(Lanes256 a, Lanes256 b) => new((a.Words + b.Words).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add32(Lanes256 a, Lanes256 b) => new((a.Integers + b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Subtract32(Lanes256 a, Lanes256 b) => new((a.Integers - b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd8(Lanes256 unsigned, Lanes256 signed) =>
        new(Avx2.MultiplyAddAdjacent(unsigned._value, signed._value.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd16(Lanes256 a, Lanes256 b) =>
        new(Avx2.MultiplyAddAdjacent(a._value.AsInt16(), b._value.AsInt16()).AsByte());

    public static bool HasDot => AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Dot(Lanes256 sum, Lanes256 unsigned, Lanes256 signed) =>
        new(AvxVnni.MultiplyWideningAndAdd(sum.Integers, unsigned._value, signed._value.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Lookup(byte* table, Lanes256 indices) =>
        new(Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(table), indices._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes256 a) => Lanes128.Maximum(new(Vector128.MaxNative(a.Singles.GetLower(), a.Singles.GetUpper()).AsByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadUInt16(void* source) => new(Avx2.ConvertToVector256Int32((ushort*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadSByte(void* source) => new(Avx2.ConvertToVector256Int32((sbyte*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt16(Lanes256 value, void* destination) =>
        Vector128.Narrow(value.Integers.GetLower(), value.Integers.GetUpper()).Store((short*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSByte(Lanes256 value, void* destination)
    {
        Vector128<short> words = Vector128.Narrow(value.Integers.GetLower(), value.Integers.GetUpper());
        *(ulong*)destination = Vector128.Narrow(words, words).AsUInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ToSingle(Lanes256 integers) => new(Vector256.ConvertToSingle(integers.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ToInt32(Lanes256 singles) => new(Vector256.ConvertToInt32Native(Vector256.Round(singles.Singles)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 a, Lanes256 b) => new((a.Singles + b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Subtract(Lanes256 a, Lanes256 b) => new((a.Singles - b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Multiply(Lanes256 a, Lanes256 b) => new((a.Singles * b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Divide(Lanes256 a, Lanes256 b) => new((a.Singles / b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new(Vector256.MultiplyAddEstimate(a.Singles, b.Singles, c.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Vector256.MinNative(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.MaxNative(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Sqrt(Lanes256 a) => new(Vector256.Sqrt(a.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Round(Lanes256 a) => new(Vector256.Round(a.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Less(Lanes256 a, Lanes256 b) => new(Vector256.LessThan(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 a) => Lanes128.Sum(new((a.Singles.GetLower() + a.Singles.GetUpper()).AsByte()));
}
