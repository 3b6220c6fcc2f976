using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AutoGlm.Cpu.Kernels;

/// <summary>Sixteen lanes: AVX-512.</summary>
internal readonly unsafe struct Lanes512(Vector512<byte> value) : ILanes<Lanes512>
{
    private readonly Vector512<byte> _value = value;

    public static bool IsSupported => Avx512BW.IsSupported;

    public static int Count => 16;

    private Vector512<ushort> Words => _value.AsUInt16();

    private Vector512<int> Integers => _value.AsInt32();

    private Vector512<float> Singles => _value.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(void* source) => new(Vector512.Load((byte*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, void* destination) => value._value.Store((byte*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(void* source) => new(Vector512.Create(*(int*)source).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Splat(int value) => new(Vector512.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Splat(float value) => new(Vector512.Create(value).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 And(Lanes512 a, Lanes512 b) => new((a.Integers & b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Or(Lanes512 a, Lanes512 b) => new((a.Integers | b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Xor(Lanes512 a, Lanes512 b) => new((a.Integers ^ b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Select(Lanes512 mask, Lanes512 a, Lanes512 b) =>
        new(Vector512.ConditionalSelect(mask.Integers, a.Integers, b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftLeft16(Lanes512 a, int count) => new(Vector512.ShiftLeft(a.Words, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftRight16(Lanes512 a, int count) => new(Vector512.ShiftRightLogical(a.Words, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftRightSigned16(Lanes512 a, int count) =>
        new(Vector512.ShiftRightArithmetic(a._value.AsInt16(), count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftLeft32(Lanes512 a, int count) => new(Vector512.ShiftLeft(a.Integers, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftRight32(Lanes512 a, int count) => new(Vector512.ShiftRightLogical(a.Integers, count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add16(Lanes512 a, Lanes512 b) => new((a.Words + b.Words).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add32(Lanes512 a, Lanes512 b) => new((a.Integers + b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Subtract32(Lanes512 a, Lanes512 b) => new((a.Integers - b.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd8(Lanes512 unsigned, Lanes512 signed) =>
        new(Avx512BW.MultiplyAddAdjacent(unsigned._value, signed._value.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd16(Lanes512 a, Lanes512 b) =>
        new(Avx512BW.MultiplyAddAdjacent(a._value.AsInt16(), b._value.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Lookup(byte* table, Lanes512 indices) =>
        new(Avx512BW.Shuffle(Avx512F.BroadcastVector128ToVector512((uint*)table).AsByte(), indices._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes512 a) => Lanes256.Maximum(new(Vector256.MaxNative(a.Singles.GetLower(), a.Singles.GetUpper()).AsByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadUInt16(void* source) => new(Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)source)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadSByte(void* source) => new(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt16(Lanes512 value, void* destination) =>
        Avx512F.ConvertToVector256Int16(value.Integers).Store((short*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSByte(Lanes512 value, void* destination) =>
        Avx512F.ConvertToVector128SByte(value.Integers).Store((sbyte*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ToSingle(Lanes512 integers) => new(Vector512.ConvertToSingle(integers.Integers).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ToInt32(Lanes512 singles) => new(Vector512.ConvertToInt32Native(Vector512.Round(singles.Singles)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add(Lanes512 a, Lanes512 b) => new((a.Singles + b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Subtract(Lanes512 a, Lanes512 b) => new((a.Singles - b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Multiply(Lanes512 a, Lanes512 b) => new((a.Singles * b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Divide(Lanes512 a, Lanes512 b) => new((a.Singles / b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) =>
        new(Vector512.MultiplyAddEstimate(a.Singles, b.Singles, c.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 a, Lanes512 b) => new(Vector512.MinNative(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.MaxNative(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Sqrt(Lanes512 a) => new(Vector512.Sqrt(a.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Round(Lanes512 a) => new(Vector512.Round(a.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Less(Lanes512 a, Lanes512 b) => new(Vector512.LessThan(a.Singles, b.Singles).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 a) => Lanes256.Sum(new((a.Singles.GetLower() + a.Singles.GetUpper()).AsByte()));
}
