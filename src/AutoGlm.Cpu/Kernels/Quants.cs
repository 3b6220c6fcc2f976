using System.Runtime.CompilerServices;

namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// Bit planes that quants are packed in. A row's group of 32 quants is eight words of four bytes (chunks); vector v of a
/// plane holds word v of each row of the panel, so a word lies one vector after the one before it.
/// </summary>
internal static unsafe class Quants
{
    public const int NibbleBytes = 4 * Panel.Vector, PairBytes = 2 * Panel.Vector, BitBytes = Panel.Vector, ByteBytes = 8 * Panel.Vector;

    private const uint LowNibbles = 0x0F0F0F0F, LowPairs = 0x03030303, LowBits = 0x01010101;

    /// <summary>Four vectors: chunks 0-3 in low nibbles, 4-7 in high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Nibble<T>(byte* plane, int chunk) where T : unmanaged, ILanes<T>
    {
        T v = T.Load(plane + Panel.Vector * (chunk & 3));
        return T.And(chunk < 4 ? v : T.ShiftRight16(v, 4), T.Splat((int)LowNibbles));
    }

    /// <summary>Two vectors: chunk c in bit pair c / 2 of vector c % 2; the result is shifted left by <paramref name="to"/> (0 or 4).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Pair<T>(byte* plane, int chunk, int to) where T : unmanaged, ILanes<T>
    {
        T v = T.Load(plane + Panel.Vector * (chunk & 1));
        return T.And(Move(v, 2 * (chunk >> 1), to), T.Splat((int)(LowPairs << to)));
    }

    /// <summary>One vector: chunk c in bit c; the result is shifted left by <paramref name="to"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Bit<T>(byte* plane, int chunk, int to) where T : unmanaged, ILanes<T> =>
        T.And(Move(T.Load(plane), chunk, to), T.Splat((int)(LowBits << to)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Move<T>(T v, int from, int to) where T : unmanaged, ILanes<T> =>
        from == to ? v : from > to ? T.ShiftRight16(v, from - to) : T.ShiftLeft16(v, to - from);

    public static void PackNibbles(uint* words, byte* plane)
    {
        for (int v = 0; v < 4; v++) *(uint*)(plane + Panel.Vector * v) = words[v] & LowNibbles | (words[v + 4] & LowNibbles) << 4;
    }

    /// <summary>Packs the bit pairs at bit <paramref name="from"/> of each byte.</summary>
    public static void PackPairs(uint* words, int from, byte* plane)
    {
        for (int v = 0; v < 2; v++)
        {
            uint packed = 0;
            for (int pair = 0; pair < 4; pair++) packed |= (words[v + 2 * pair] >> from & LowPairs) << (2 * pair);
            *(uint*)(plane + Panel.Vector * v) = packed;
        }
    }

    /// <summary>Packs the bits at bit <paramref name="from"/> of each byte.</summary>
    public static void PackBits(uint* words, int from, byte* plane)
    {
        uint packed = 0;
        for (int chunk = 0; chunk < 8; chunk++) packed |= (words[chunk] >> from & LowBits) << chunk;
        *(uint*)plane = packed;
    }

    public static void PackBytes(uint* words, byte* plane)
    {
        for (int chunk = 0; chunk < 8; chunk++) *(uint*)(plane + Panel.Vector * chunk) = words[chunk];
    }

    /// <summary>Words of 32 quants stored as ggml's legacy blocks do: 16 bytes, low nibbles first.</summary>
    public static void NibbleWords(byte* nibbles, uint* words)
    {
        for (int i = 0; i < 4; i++)
        {
            uint word = Unsafe.ReadUnaligned<uint>(nibbles + 4 * i);
            words[i] = word & LowNibbles;
            words[i + 4] = word >> 4 & LowNibbles;
        }
    }

    /// <summary>Words of 32 quants that are the bits from <paramref name="shift"/> on of 32 bytes, <paramref name="mask"/> wide.</summary>
    public static void FieldWords(byte* bytes, int shift, byte mask, uint* words)
    {
        for (int i = 0; i < 8; i++) words[i] = Unsafe.ReadUnaligned<uint>(bytes + 4 * i) >> shift & mask * LowBits;
    }

    /// <summary>Adds to each quant a bit (of weight 2^<paramref name="to"/>) that is bit <paramref name="shift"/> on of 32 bytes.</summary>
    public static void AddFieldWords(byte* bytes, int shift, byte mask, int to, uint* words)
    {
        for (int i = 0; i < 8; i++) words[i] |= (Unsafe.ReadUnaligned<uint>(bytes + 4 * i) >> shift & mask * LowBits) << to;
    }

    /// <summary>Adds to quant i the bit i of <paramref name="bits"/>, of weight 16.</summary>
    public static void AddFifthBits(uint bits, uint* words)
    {
        for (int i = 0; i < 8; i++)
        {
            uint four = bits >> (4 * i) & 0xF;
            words[i] |= ((four & 1) | (four & 2) << 7 | (four & 4) << 14 | (four & 8) << 21) << 4;
        }
    }
}
