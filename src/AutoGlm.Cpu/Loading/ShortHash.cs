using System.Security.Cryptography;

namespace AutoGlm.Cpu.Loading;

/// <summary>The first 128 bits of SHA-256: names small things, where <see cref="Checksum"/> sums large ones.</summary>
internal static class ShortHash
{
    /// <summary>Has the system load its library for hashes, which takes longer than reading the hash of a small model, while the caller does other things.</summary>
    public static void Prepare() => ThreadPool.UnsafeQueueUserWorkItem(_ => Of([]), null);

    public static Hash128 Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Hash128.Read(hash);
    }
}
