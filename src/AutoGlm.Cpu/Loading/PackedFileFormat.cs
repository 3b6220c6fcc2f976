using System.Buffers.Binary;
using System.Text;

namespace AutoGlm.Cpu.Loading;

/// <summary>
/// How packed matrices are kept in a file: a header, then the matrices as they lie in memory, at the offsets of
/// <see cref="WeightPieces"/>. Nothing in the file says where anything is: a file that is not just as long as its matrices ask for is none.
/// </summary>
/// <remarks>
/// Little-endian: magic (8 bytes), version (4), pieces (4), length of the file (8), bytes of the location (8), key of the matrices (16), hash
/// of the tensors' content (16), location of the model (UTF-8, in 1,024 bytes), the checksum of each piece (16 each), and the hash of all
/// that (16).
/// </remarks>
internal static class PackedFileFormat
{
    /// <summary>Bytes from the beginning in which the location ends.</summary>
    public const int FixedBytes = 64 + LocationBytes;

    private const int LocationBytes = 1024, Version = 1;

    private static ReadOnlySpan<byte> Magic => "AGLMPACK"u8;

    /// <summary>Where the matrices begin.</summary>
    public static long DataOffset(WeightPieces pieces) => (HeaderBytes(pieces) + WeightPieces.Alignment - 1) / WeightPieces.Alignment * WeightPieces.Alignment;

    public static long FileBytes(WeightPieces pieces) => checked(DataOffset(pieces) + pieces.Bytes);

    /// <summary>The header of matrices whose pieces have these checksums.</summary>
    public static byte[] Header(WeightPieces pieces, Hash128 content, string location, ReadOnlySpan<Hash128> sums)
    {
        byte[] header = new byte[HeaderBytes(pieces)];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), pieces.Count);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), FileBytes(pieces));
        Encoding.UTF8.GetEncoder().Convert(location, header.AsSpan(64, LocationBytes), flush: true, out _, out int used, out _);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), used);
        pieces.Key.Write(header.AsSpan(32));
        content.Write(header.AsSpan(48));
        for (int i = 0; i < sums.Length; i++) sums[i].Write(header.AsSpan(FixedBytes + Hash128.Bytes * i));
        ShortHash.Of(header.AsSpan(0, header.Length - Hash128.Bytes)).Write(header.AsSpan(header.Length - Hash128.Bytes));
        return header;
    }

    /// <summary>Checks a file's header and length, and reads the checksums of its pieces.</summary>
    /// <exception cref="InvalidDataException">It is not the file of these matrices with that content, or not whole.</exception>
    public static Hash128[] Read(ReadOnlySpan<byte> beginning, long fileBytes, WeightPieces pieces, Hash128 content)
    {
        if (fileBytes != FileBytes(pieces)) throw new InvalidDataException($"has {fileBytes:N0} bytes, not {FileBytes(pieces):N0}");
        ReadOnlySpan<byte> header = beginning[..HeaderBytes(pieces)];
        if (!IsPackedFile(header)) throw new InvalidDataException("is no file of packed weights");
        bool whole = Hash128.Read(header[^Hash128.Bytes..]) == ShortHash.Of(header[..^Hash128.Bytes]);
        if (!whole) throw new InvalidDataException("has a damaged header");
        bool ours = BinaryPrimitives.ReadInt32LittleEndian(header[8..]) == Version
            && BinaryPrimitives.ReadInt32LittleEndian(header[12..]) == pieces.Count
            && BinaryPrimitives.ReadInt64LittleEndian(header[16..]) == fileBytes
            && Hash128.Read(header[32..]) == pieces.Key
            && Hash128.Read(header[48..]) == content;
        if (!ours) throw new InvalidDataException("is of other weights");
        Hash128[] sums = new Hash128[pieces.Count];
        for (int i = 0; i < sums.Length; i++) sums[i] = Hash128.Read(header[(FixedBytes + Hash128.Bytes * i)..]);
        return sums;
    }

    /// <summary>The model that a file's weights are from; null where the bytes begin no file of packed weights.</summary>
    public static string? Location(ReadOnlySpan<byte> beginning)
    {
        if (beginning.Length < FixedBytes || !IsPackedFile(beginning)) return null;
        long length = BinaryPrimitives.ReadInt64LittleEndian(beginning[24..]);
        return length is < 0 or > LocationBytes ? null : Encoding.UTF8.GetString(beginning.Slice(64, (int)length));
    }

    private static bool IsPackedFile(ReadOnlySpan<byte> header) => header.StartsWith(Magic);

    private static int HeaderBytes(WeightPieces pieces) => checked(FixedBytes + Hash128.Bytes * pieces.Count + Hash128.Bytes);
}
