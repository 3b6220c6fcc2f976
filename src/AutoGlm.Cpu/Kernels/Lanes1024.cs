using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// Thirty-two lanes: two AVX-512 registers, for kernels with registers to spare, in which what is broadcast then serves
/// twice as many lanes for one load. Written out rather than as a pair of <see cref="Lanes512"/>, which would exceed the
/// JIT's budget for inlining.
/// </summary>
internal readonly unsafe struct Lanes1024(Vector512<byte> low, Vector512<byte> high) : ILanes<Lanes1024>
{
    private readonly Vector512<byte> _low = low, _high = high;

    public static bool IsSupported => Lanes512.IsSupported;

    public static int Count => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Load(void* source) => new(Vector512.Load((byte*)source), Vector512.Load((byte*)source + 64));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes1024 value, void* destination)
    {
        value._low.Store((byte*)destination);
        value._high.Store((byte*)destination + 64);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Broadcast(void* source)
    {
        Vector512<byte> same = Vector512.Create(*(int*)source).AsByte();
        return new(same, same);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Splat(int value)
    {
        Vector512<byte> same = Vector512.Create(value).AsByte();
        return new(same, same);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Splat(float value)
    {
        Vector512<byte> same = Vector512.Create(value).AsByte();
        return new(same, same);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 And(Lanes1024 a, Lanes1024 b) => new(a._low & b._low, a._high & b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Or(Lanes1024 a, Lanes1024 b) => new(a._low | b._low, a._high | b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Xor(Lanes1024 a, Lanes1024 b) => new(a._low ^ b._low, a._high ^ b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Select(Lanes1024 mask, Lanes1024 a, Lanes1024 b) =>
        new(Vector512.ConditionalSelect(mask._low, a._low, b._low), Vector512.ConditionalSelect(mask._high, a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 ShiftLeft16(Lanes1024 a, int count) =>
        new(Vector512.ShiftLeft(a._low.AsUInt16(), count).AsByte(), Vector512.ShiftLeft(a._high.AsUInt16(), count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 ShiftRight16(Lanes1024 a, int count) =>
        new(Vector512.ShiftRightLogical(a._low.AsUInt16(), count).AsByte(), Vector512.ShiftRightLogical(a._high.AsUInt16(), count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 ShiftRightSigned16(Lanes1024 a, int count) =>
        new(Vector512.ShiftRightArithmetic(a._low.AsInt16(), count).AsByte(), Vector512.ShiftRightArithmetic(a._high.AsInt16(), count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 ShiftLeft32(Lanes1024 a, int count) =>
        new(Vector512.ShiftLeft(a._low.AsInt32(), count).AsByte(), Vector512.ShiftLeft(a._high.AsInt32(), count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 ShiftRight32(Lanes1024 a, int count) =>
        new(Vector512.ShiftRightLogical(a._low.AsInt32(), count).AsByte(), Vector512.ShiftRightLogical(a._high.AsInt32(), count).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Add16(Lanes1024 a, Lanes1024 b) =>
        new((a._low.AsUInt16() + b._low.AsUInt16()).AsByte(), (a._high.AsUInt16() + b._high.AsUInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Add32(Lanes1024 a, Lanes1024 b) =>
        new((a._low.AsInt32() + b._low.AsInt32()).AsByte(), (a._high.AsInt32() + b._high.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Subtract32(Lanes1024 a, Lanes1024 b) =>
        new((a._low.AsInt32() - b._low.AsInt32()).AsByte(), (a._high.AsInt32() - b._high.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 MultiplyAdd8(Lanes1024 unsigned, Lanes1024 signed) =>
        new(Avx512BW.MultiplyAddAdjacent(unsigned._low, signed._low.AsSByte()).AsByte(), Avx512BW.MultiplyAddAdjacent(unsigned._high, signed._high.AsSByte()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 MultiplyAdd16(Lanes1024 a, Lanes1024 b) =>
        new(Avx512BW.MultiplyAddAdjacent(a._low.AsInt16(), b._low.AsInt16()).AsByte(), Avx512BW.MultiplyAddAdjacent(a._high.AsInt16(), b._high.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Lookup(byte* table, Lanes1024 indices)
    {
        Vector512<byte> entries = Avx512F.BroadcastVector128ToVector512((uint*)table).AsByte();
        return new(Avx512BW.Shuffle(entries, indices._low), Avx512BW.Shuffle(entries, indices._high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 ToSingle(Lanes1024 integers) =>
        new(Vector512.ConvertToSingle(integers._low.AsInt32()).AsByte(), Vector512.ConvertToSingle(integers._high.AsInt32()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 ToInt32(Lanes1024 singles) =>
        new(Vector512.ConvertToInt32Native(Vector512.Round(singles._low.AsSingle())).AsByte(), Vector512.ConvertToInt32Native(Vector512.Round(singles._high.AsSingle())).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Add(Lanes1024 a, Lanes1024 b) =>
        new((a._low.AsSingle() + b._low.AsSingle()).AsByte(), (a._high.AsSingle() + b._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Subtract(Lanes1024 a, Lanes1024 b) =>
        new((a._low.AsSingle() - b._low.AsSingle()).AsByte(), (a._high.AsSingle() - b._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Multiply(Lanes1024 a, Lanes1024 b) =>
        new((a._low.AsSingle() * b._low.AsSingle()).AsByte(), (a._high.AsSingle() * b._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Divide(Lanes1024 a, Lanes1024 b) =>
        new((a._low.AsSingle() / b._low.AsSingle()).AsByte(), (a._high.AsSingle() / b._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 MultiplyAdd(Lanes1024 a, Lanes1024 b, Lanes1024 c) =>
        new(Vector512.MultiplyAddEstimate(a._low.AsSingle(), b._low.AsSingle(), c._low.AsSingle()).AsByte(), Vector512.MultiplyAddEstimate(a._high.AsSingle(), b._high.AsSingle(), c._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Min(Lanes1024 a, Lanes1024 b) =>
        new(Vector512.MinNative(a._low.AsSingle(), b._low.AsSingle()).AsByte(), Vector512.MinNative(a._high.AsSingle(), b._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Max(Lanes1024 a, Lanes1024 b) =>
        new(Vector512.MaxNative(a._low.AsSingle(), b._low.AsSingle()).AsByte(), Vector512.MaxNative(a._high.AsSingle(), b._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Less(Lanes1024 a, Lanes1024 b) =>
        new(Vector512.LessThan(a._low.AsSingle(), b._low.AsSingle()).AsByte(), Vector512.LessThan(a._high.AsSingle(), b._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Sqrt(Lanes1024 a) =>
        new(Vector512.Sqrt(a._low.AsSingle()).AsByte(), Vector512.Sqrt(a._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 Round(Lanes1024 a) =>
        new(Vector512.Round(a._low.AsSingle()).AsByte(), Vector512.Round(a._high.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes1024 a) => Lanes512.Sum(new((a._low.AsSingle() + a._high.AsSingle()).AsByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Lanes1024 a) => MathF.Max(Lanes512.Maximum(new(a._low)), Lanes512.Maximum(new(a._high)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 LoadUInt16(void* source) =>
        new(
        Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)source)).AsByte(),
        Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)source + 16)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes1024 LoadSByte(void* source) =>
        new(
        Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source)).AsByte(),
        Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source + 16)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt16(Lanes1024 value, void* destination)
    {
        Lanes512.StoreInt16(new(value._low), destination);
        Lanes512.StoreInt16(new(value._high), (short*)destination + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSByte(Lanes1024 value, void* destination)
    {
        Lanes512.StoreSByte(new(value._low), destination);
        Lanes512.StoreSByte(new(value._high), (sbyte*)destination + 16);
    }
}
