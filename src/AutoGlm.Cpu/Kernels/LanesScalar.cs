using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>One lane in plain C#: any machine, the rest of a row that fills no register, and single rows of a panel.</summary>
internal readonly unsafe struct LanesScalar(uint bits) : ILanes<LanesScalar>
{
    public uint Bits { get; } = bits;

    public static bool IsSupported => true;

    public static int Count => 1;

    private float Value => BitConverter.UInt32BitsToSingle(Bits);

    private static LanesScalar Of(float value) => new(BitConverter.SingleToUInt32Bits(value));

    private static LanesScalar Words(int low, int high) => new((uint)(low & 0xFFFF) | (uint)high << 16);

    private int Low => (short)Bits;

    private int High => (int)Bits >> 16;

    public static LanesScalar Load(void* source) => new(Unsafe.ReadUnaligned<uint>(source));

    public static void Store(LanesScalar value, void* destination) => Unsafe.WriteUnaligned(destination, value.Bits);

    public static LanesScalar Broadcast(void* source) => Load(source);

    public static LanesScalar Splat(int value) => new((uint)value);

    public static LanesScalar Splat(float value) => Of(value);

    public static LanesScalar And(LanesScalar a, LanesScalar b) => new(a.Bits & b.Bits);

    public static LanesScalar Or(LanesScalar a, LanesScalar b) => new(a.Bits | b.Bits);

    public static LanesScalar Xor(LanesScalar a, LanesScalar b) => new(a.Bits ^ b.Bits);

    public static LanesScalar Select(LanesScalar mask, LanesScalar a, LanesScalar b) => mask.Bits != 0 ? a : b;

    public static LanesScalar ShiftLeft16(LanesScalar a, int count) => Words(a.Low << count, a.High << count);

    public static LanesScalar ShiftRight16(LanesScalar a, int count) => Words((ushort)a.Low >> count, (ushort)a.High >> count);

    public static LanesScalar ShiftRightSigned16(LanesScalar a, int count) => Words(a.Low >> count, a.High >> count);

    public static LanesScalar ShiftLeft32(LanesScalar a, int count) => new(a.Bits << count);

    public static LanesScalar ShiftRight32(LanesScalar a, int count) => new(a.Bits >> count);

    public static LanesScalar Add16(LanesScalar a, LanesScalar b) => Words(a.Low + b.Low, a.High + b.High);

    public static LanesScalar Add32(LanesScalar a, LanesScalar b) => new(a.Bits + b.Bits);

    public static LanesScalar Subtract32(LanesScalar a, LanesScalar b) => new(a.Bits - b.Bits);

    public static LanesScalar MultiplyAdd8(LanesScalar unsigned, LanesScalar signed)
    {
        uint a = unsigned.Bits, b = signed.Bits;
        int low = (byte)a * (sbyte)b + (byte)(a >> 8) * (sbyte)(b >> 8);
        int high = (byte)(a >> 16) * (sbyte)(b >> 16) + (byte)(a >> 24) * (sbyte)(b >> 24);
        return Words(Math.Clamp(low, short.MinValue, short.MaxValue), Math.Clamp(high, short.MinValue, short.MaxValue));
    }

    public static LanesScalar MultiplyAdd16(LanesScalar a, LanesScalar b) => new((uint)(a.Low * b.Low + a.High * b.High));

    public static LanesScalar Lookup(byte* table, LanesScalar indices)
    {
        uint i = indices.Bits;
        return new(table[i & 15] | (uint)table[i >> 8 & 15] << 8 | (uint)table[i >> 16 & 15] << 16 | (uint)table[i >> 24 & 15] << 24);
    }

    public static LanesScalar ToSingle(LanesScalar integers) => Of((int)integers.Bits);

    public static LanesScalar ToInt32(LanesScalar singles) => new((uint)(int)MathF.Round(singles.Value));

    public static LanesScalar Add(LanesScalar a, LanesScalar b) => Of(a.Value + b.Value);

    public static LanesScalar Subtract(LanesScalar a, LanesScalar b) => Of(a.Value - b.Value);

    public static LanesScalar Multiply(LanesScalar a, LanesScalar b) => Of(a.Value * b.Value);

    public static LanesScalar Divide(LanesScalar a, LanesScalar b) => Of(a.Value / b.Value);

    public static LanesScalar MultiplyAdd(LanesScalar a, LanesScalar b, LanesScalar c) =>
        Of(float.MultiplyAddEstimate(a.Value, b.Value, c.Value));

    public static LanesScalar Min(LanesScalar a, LanesScalar b) => Of(a.Value < b.Value ? a.Value : b.Value);

    public static LanesScalar Max(LanesScalar a, LanesScalar b) => Of(a.Value > b.Value ? a.Value : b.Value);

    public static LanesScalar Sqrt(LanesScalar a) => Of(MathF.Sqrt(a.Value));

    public static LanesScalar Round(LanesScalar a) => Of(MathF.Round(a.Value));

    public static LanesScalar Less(LanesScalar a, LanesScalar b) => new(a.Value < b.Value ? uint.MaxValue : 0);

    public static float Sum(LanesScalar a) => a.Value;

    public static float Maximum(LanesScalar a) => a.Value;

    public static LanesScalar LoadUInt16(void* source) => new(Unsafe.ReadUnaligned<ushort>(source));

    public static LanesScalar LoadSByte(void* source) => new((uint)*(sbyte*)source);

    public static void StoreInt16(LanesScalar value, void* destination) => Unsafe.WriteUnaligned(destination, (ushort)value.Bits);

    public static void StoreSByte(LanesScalar value, void* destination) => *(byte*)destination = (byte)value.Bits;
}
