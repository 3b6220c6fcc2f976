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

    /// <summary>Bits from <paramref name="shift"/> on, as many as the mask has, of each byte of a word of the file's block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Field<T>(byte* words, int word, int shift, int mask) where T : unmanaged, ILanes<T> =>
        T.And(T.ShiftRight32(T.Load(words + Panel.Vector * word), shift), T.Splat(mask * (int)LowBits));

    /// <summary>A chunk of 32 quants stored as ggml's legacy blocks do: 16 bytes from <paramref name="word"/> on, low nibbles first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T NibbleField<T>(byte* words, int word, int chunk) where T : unmanaged, ILanes<T> =>
        Field<T>(words, word + (chunk & 3), chunk & 4, 0xF);

    /// <summary>Bits 4 chunk to 4 chunk + 3 of a word, each in bit 4 of a byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T FifthBits<T>(byte* words, int word, int chunk) where T : unmanaged, ILanes<T>
    {
        T four = T.ShiftRight32(T.Load(words + Panel.Vector * word), 4 * chunk);
        T low = T.Or(T.And(four, T.Splat(1)), T.And(T.ShiftLeft32(four, 7), T.Splat(1 << 8)));
        T high = T.Or(T.And(T.ShiftLeft32(four, 14), T.Splat(1 << 16)), T.And(T.ShiftLeft32(four, 21), T.Splat(1 << 24)));
        return T.ShiftLeft32(T.Or(low, high), 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackNibbles<T, TFormat>(byte* words, int group, byte* plane)
        where T : unmanaged, ILanes<T>
        where TFormat : struct, IPackedFormat<TFormat>
    {
        T low = T.Splat((int)LowNibbles);
        for (int v = 0; v < 4; v++)
        {
            T high = T.And(TFormat.Chunk<T>(words, group, v + 4), low);
            T.Store(T.Or(T.And(TFormat.Chunk<T>(words, group, v), low), T.ShiftLeft32(high, 4)), plane + Panel.Vector * v);
        }
    }

    /// <summary>Packs the bit pairs at bit <paramref name="from"/> of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackPairs<T, TFormat>(byte* words, int group, int from, byte* plane)
        where T : unmanaged, ILanes<T>
        where TFormat : struct, IPackedFormat<TFormat>
    {
        for (int v = 0; v < 2; v++)
        {
            T packed = T.Splat(0);
            for (int pair = 0; pair < 4; pair++)
            {
                T bits = T.And(T.ShiftRight32(TFormat.Chunk<T>(words, group, v + 2 * pair), from), T.Splat((int)LowPairs));
                packed = T.Or(packed, T.ShiftLeft32(bits, 2 * pair));
            }

            T.Store(packed, plane + Panel.Vector * v);
        }
    }

    /// <summary>Packs the bits at bit <paramref name="from"/> of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackBits<T, TFormat>(byte* words, int group, int from, byte* plane)
        where T : unmanaged, ILanes<T>
        where TFormat : struct, IPackedFormat<TFormat>
    {
        T packed = T.Splat(0);
        for (int chunk = 0; chunk < 8; chunk++)
        {
            T bits = T.And(T.ShiftRight32(TFormat.Chunk<T>(words, group, chunk), from), T.Splat((int)LowBits));
            packed = T.Or(packed, T.ShiftLeft32(bits, chunk));
        }

        T.Store(packed, plane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PackBytes<T, TFormat>(byte* words, int group, byte* plane)
        where T : unmanaged, ILanes<T>
        where TFormat : struct, IPackedFormat<TFormat>
    {
        for (int chunk = 0; chunk < 8; chunk++) T.Store(TFormat.Chunk<T>(words, group, chunk), plane + Panel.Vector * chunk);
    }
}
