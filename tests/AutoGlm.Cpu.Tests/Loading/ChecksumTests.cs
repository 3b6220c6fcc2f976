using System.Buffers.Binary;
using AutoGlm.Cpu.Loading;

namespace AutoGlm.Cpu.Tests.Loading;

public sealed class ChecksumTests
{
    [Fact]
    public void Is_four_crcs_side_by_side()
    {
        Random random = new(9);
        for (int round = 0; round < 200; round++)
        {
            Checksum sum = new();
            uint[] expected = [uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue];
            for (int part = random.Next(4); part >= 0; part--)
            {
                byte[] bytes = new byte[random.Next(200)];
                random.NextBytes(bytes);
                sum.Append(bytes);
                Append(expected, bytes);
            }

            Assert.Equal(new Hash128((ulong)expected[1] << 32 | expected[0], (ulong)expected[3] << 32 | expected[2]), sum.Value);
        }
    }

    /// <summary>The definition: bit by bit, by RFC 3720's polynomial.</summary>
    private static void Append(uint[] sums, byte[] bytes)
    {
        int whole = bytes.Length / 32 * 32;
        for (int at = 0; at < bytes.Length; at++) Add(ref sums[at < whole ? at / 8 % 4 : 0], bytes[at]);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        foreach (byte value in length) Add(ref sums[1], value);
    }

    private static void Add(ref uint sum, byte value)
    {
        sum ^= value;
        for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ ((sum & 1) == 0 ? 0 : 0x82F63B78u);
    }
}
