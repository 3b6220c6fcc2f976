using System.Buffers.Binary;

namespace AutoGlm.Cpu.Loading;

/// <summary>128 bits that name something, or sum it up.</summary>
/// <remarks><see cref="UInt128"/> would do, but that no method that has one as an argument can be compiled before the program runs.</remarks>
internal readonly record struct Hash128(ulong Low, ulong High)
{
    public const int Bytes = 16;

    public static Hash128 operator ^(Hash128 a, Hash128 b) => new(a.Low ^ b.Low, a.High ^ b.High);

    /// <summary>Reads the bytes that <see cref="Write"/> writes.</summary>
    public static Hash128 Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

    // As the compiler would have it, but without generic types that the runtime would compile at each start.
    public bool Equals(Hash128 other) => Low == other.Low && High == other.High;

    public override int GetHashCode() => Low.GetHashCode();

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Low);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], High);
    }

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => High.ToString("x16") + Low.ToString("x16");
}
