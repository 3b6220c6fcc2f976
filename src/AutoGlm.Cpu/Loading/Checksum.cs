using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoGlm.Cpu.Loading;

/// <summary>
/// Four CRC-32Cs side by side, of every fourth eight bytes each, as one sum: as fast as memory from the first call on, where hashes
/// that the runtime has not yet compiled well take several times as long. It shows every change of up to 32 neighbouring bits, and
/// leaves one in 2^32 of others unseen where they touch one of the four alone. No defence against somebody who means to deceive.
/// </summary>
/// <remarks>The sum is of the bytes and of where one <see cref="Append"/> ended and the next began.</remarks>
internal struct Checksum()
{
    private uint _a = uint.MaxValue, _b = uint.MaxValue, _c = uint.MaxValue, _d = uint.MaxValue;

    public readonly Hash128 Value => new((ulong)_b << 32 | _a, (ulong)_d << 32 | _c);

    public static Hash128 Of(ReadOnlySpan<byte> bytes)
    {
        Checksum sum = new();
        sum.Append(bytes);
        return sum.Value;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Append(ReadOnlySpan<byte> bytes)
    {
        // The chains hide each other's latency of three cycles.
        (uint a, uint b, uint c, uint d) = (_a, _b, _c, _d);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        int word = 0;
        for (; word <= words.Length - 4; word += 4)
        {
            a = BitOperations.Crc32C(a, words[word]);
            b = BitOperations.Crc32C(b, words[word + 1]);
            c = BitOperations.Crc32C(c, words[word + 2]);
            d = BitOperations.Crc32C(d, words[word + 3]);
        }

        for (int at = word * sizeof(ulong); at < bytes.Length; at++) a = BitOperations.Crc32C(a, bytes[at]);
        (_a, _b, _c, _d) = (a, BitOperations.Crc32C(b, (uint)bytes.Length), c, d);
    }
}
