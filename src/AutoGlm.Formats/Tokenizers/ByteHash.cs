using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>A fast hash of short byte strings, seeded per process so that no file can be made to collide.</summary>
internal static class ByteHash
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private static readonly ulong _seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) | 1;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = _seed ^ (ulong)bytes.Length * Multiplier;
        while (bytes.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        ulong tail = 0;
        if (bytes.Length >= 4)
        {
            tail = BinaryPrimitives.ReadUInt32LittleEndian(bytes) | (ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) << 32;
        }
        else if (bytes.Length > 0)
        {
            tail = bytes[0] | (ulong)bytes[bytes.Length >> 1] << 8 | (ulong)bytes[^1] << 16;
        }

        hash = Mix(hash ^ tail);
        return (uint)(hash ^ hash >> 32);
    }

    public static uint Of(ulong value) => (uint)(Mix(value ^ _seed) >> 32);

    private static ulong Mix(ulong value)
    {
        ulong high = Math.BigMul(value, Multiplier ^ _seed, out ulong low);
        return high ^ low;
    }
}
