using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AutoGlm.KvCache;

/// <summary>
/// What a full block holds, as a SHA-256 chain: over the key of the block before it and its own token ids. Equal keys mean
/// equal tokens from the sequence's start on, under one model, layout and tenant; keys are stable across processes.
/// </summary>
public readonly record struct BlockKey
{
    private readonly ulong _a, _b, _c, _d;

    private BlockKey(ReadOnlySpan<byte> hash)
    {
        _a = BinaryPrimitives.ReadUInt64LittleEndian(hash);
        _b = BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]);
        _c = BinaryPrimitives.ReadUInt64LittleEndian(hash[16..]);
        _d = BinaryPrimitives.ReadUInt64LittleEndian(hash[24..]);
    }

    /// <summary>The key before a sequence's first block.</summary>
    /// <param name="modelFingerprint">Names the model's weights.</param>
    /// <param name="layout">Names the block layout and its version.</param>
    /// <param name="tenantSalt">Keeps tenants apart; empty where all share.</param>
    public static BlockKey Root(ReadOnlySpan<byte> modelFingerprint, ReadOnlySpan<byte> layout, ReadOnlySpan<byte> tenantSalt)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, modelFingerprint);
        Append(hash, layout);
        Append(hash, tenantSalt);
        return new BlockKey(hash.GetHashAndReset());
    }

    /// <summary>The key of the block that holds <paramref name="tokens"/> after the block of this key.</summary>
    public BlockKey Next(ReadOnlySpan<int> tokens)
    {
        Span<byte> input = stackalloc byte[32 + 1024 * sizeof(int)];
        BinaryPrimitives.WriteUInt64LittleEndian(input, _a);
        BinaryPrimitives.WriteUInt64LittleEndian(input[8..], _b);
        BinaryPrimitives.WriteUInt64LittleEndian(input[16..], _c);
        BinaryPrimitives.WriteUInt64LittleEndian(input[24..], _d);
        MemoryMarshal.AsBytes(tokens).CopyTo(input[32..]);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(input[..(32 + tokens.Length * sizeof(int))], hash);
        return new BlockKey(hash);
    }

    /// <summary>Its 32 bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[4 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _a);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), _b);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), _c);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), _d);
        return bytes;
    }

    /// <summary>The key of 32 bytes.</summary>
    public static BlockKey FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == 4 * sizeof(ulong) ? new BlockKey(bytes) : throw new ArgumentException($"A key has 32 bytes, not {bytes.Length}.", nameof(bytes));

    public override string ToString() => $"{_a:x16}{_b:x16}{_c:x16}{_d:x16}";

    /// <summary>Length first, so that no two lists of parts look alike.</summary>
    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
