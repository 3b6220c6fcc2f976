using System.Security.Cryptography;

namespace AutoGlm.Cpu.Loading;

/// <summary>The first 128 bits of SHA-256: names small things, where <see cref="Checksum"/> sums large ones.</summary>
internal static class ShortHash
{
    public static Hash128 Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Hash128.Read(hash);
    }
}
