using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AutoGlm.KvCache;

/// <summary>
/// A counting Bloom filter over the features of what is cached (Fan et al. 2000): answers "certainly not cached" for a few
/// nanoseconds a block, before a SHA-256 key is computed or any index asked. A feature stands for tenant and all tokens up to a
/// block's end; 16 counters a block and four probes give one wrong "perhaps" in 400.
/// </summary>
internal sealed class PrefixFilter
{
    private const int Probes = 4, CountersPerBlock = 16;

    private static readonly ulong Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private readonly byte[] _counters;
    private readonly int _shift;

    public PrefixFilter(int blocks)
    {
        int bits = int.Log2(Math.Clamp(blocks, 4, 1 << 26) - 1) + 1 + int.Log2(CountersPerBlock);
        _counters = new byte[1L << bits];
        _shift = 64 - bits;
    }

    /// <summary>The feature before a sequence's first block. Other in each process, so that nobody can prepare collisions.</summary>
    public static ulong Start(in BlockKey root) => Mix(Seed, (ulong)root.GetHashCode());

    /// <summary>The feature of the block that holds these tokens after the block of that feature.</summary>
    public static ulong Next(ulong feature, ReadOnlySpan<int> tokens)
    {
        ReadOnlySpan<ulong> pairs = MemoryMarshal.Cast<int, ulong>(tokens);
        foreach (ulong pair in pairs) feature = Mix(feature, pair);
        return tokens.Length % 2 == 0 ? feature : Mix(feature, (uint)tokens[^1]);
    }

    public bool MayHold(ulong feature)
    {
        for (int i = 0; i < Probes; i++)
        {
            if (_counters[Place(feature, i)] == 0) return false;
        }

        return true;
    }

    public void Add(ulong feature)
    {
        for (int i = 0; i < Probes; i++)
        {
            ref byte counter = ref _counters[Place(feature, i)];
            if (counter < byte.MaxValue) counter++;
        }
    }

    /// <summary>Takes out what was added. A counter that is full stays so: it no longer knows how much it counts.</summary>
    public void Remove(ulong feature)
    {
        for (int i = 0; i < Probes; i++)
        {
            ref byte counter = ref _counters[Place(feature, i)];
            if (counter < byte.MaxValue) counter--;
        }
    }

    private long Place(ulong feature, int probe) => (long)(((feature | 1) * (2 * (ulong)probe + 1) * 0x9E3779B97F4A7C15 + feature) >> _shift);

    private static ulong Mix(ulong state, ulong value)
    {
        ulong high = Math.BigMul(state ^ 0xA0761D6478BD642F, value ^ 0xE7037ED1A0B428DB, out ulong low);
        return high ^ low ^ (state >> 32 | state << 32);
    }
}
