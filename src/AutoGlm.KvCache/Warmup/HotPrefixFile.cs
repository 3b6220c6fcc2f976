using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AutoGlm.KvCache.Warmup;

/// <summary>
/// Hot prefixes on disk, from one run to the next: a mark with the version, the model's key, the prefixes, and a SHA-256 over all
/// of it. Little endian. The file holds token ids of prompts, so only its owner may read it.
/// </summary>
public static class HotPrefixFile
{
    private const int KeyBytes = 32, HeaderBytes = 8 + KeyBytes + sizeof(int), EntryBytes = KeyBytes + sizeof(long) + sizeof(int);

    /// <summary>Larger files are not ours.</summary>
    private const long MostBytes = 64L << 20;

    private static ReadOnlySpan<byte> Mark => "AGLMHOT1"u8;

    /// <summary>Writes a file whole, or leaves the old one.</summary>
    /// <param name="path">The file; its folder is made.</param>
    /// <param name="model">Key of the model and block layout.</param>
    /// <param name="prefixes">What to keep; as much of it as a file may hold.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Save(string path, in BlockKey model, IReadOnlyList<HotPrefix> prefixes)
    {
        long bytes = HeaderBytes + SHA256.HashSizeInBytes;
        HotPrefix[] kept = [.. prefixes.TakeWhile(prefix => (bytes += EntryBytes + sizeof(int) * (long)prefix.Tokens.Length) <= MostBytes)];
        using MemoryStream memory = new();
        using BinaryWriter writer = new(memory);
        writer.Write(Mark);
        writer.Write(model.ToBytes());
        writer.Write(kept.Length);
        foreach (HotPrefix prefix in kept)
        {
            writer.Write(prefix.Root.ToBytes());
            writer.Write(prefix.Uses);
            writer.Write(prefix.Tokens.Length);
            writer.Write(MemoryMarshal.AsBytes(prefix.Tokens.AsSpan()));
        }

        writer.Write(SHA256.HashData(memory.GetBuffer().AsSpan(0, (int)memory.Length)));
        Publish(path, memory.GetBuffer().AsSpan(0, (int)memory.Length));
    }

    /// <summary>Reads a file that may hold anything.</summary>
    /// <param name="path">The file; none is no prefixes.</param>
    /// <param name="model">Key of the model and block layout; another's prefixes are of no use.</param>
    /// <param name="vocabulary">Tokens the model knows.</param>
    /// <param name="blockTokens">Tokens of a block.</param>
    /// <exception cref="InvalidDataException">The file is not what was written; it says what is wrong.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static List<HotPrefix> Load(string path, in BlockKey model, int vocabulary, int blockTokens)
    {
        FileInfo file = new(path);
        if (!file.Exists) return [];
        if (file.Length is < HeaderBytes + SHA256.HashSizeInBytes or > MostBytes) throw Unsound(path, $"its {file.Length:N0} bytes are too few or too many");
        ReadOnlySpan<byte> all = File.ReadAllBytes(path);
        ReadOnlySpan<byte> rest = all[..^SHA256.HashSizeInBytes];
        if (!all.StartsWith(Mark)) throw Unsound(path, "it does not begin with this version's mark");
        if (!SHA256.HashData(rest).AsSpan().SequenceEqual(all[^SHA256.HashSizeInBytes..])) throw Unsound(path, "its checksum does not fit");
        if (!rest.Slice(Mark.Length, KeyBytes).SequenceEqual(model.ToBytes())) return [];
        int count = MemoryMarshal.Read<int>(rest[(Mark.Length + KeyBytes)..]);
        rest = rest[HeaderBytes..];
        List<HotPrefix> prefixes = [];
        for (int i = 0; i < count; i++) prefixes.Add(Read(path, ref rest, vocabulary, blockTokens));
        return prefixes;
    }

    private static HotPrefix Read(string path, ref ReadOnlySpan<byte> rest, int vocabulary, int blockTokens)
    {
        if (rest.Length < EntryBytes) throw Unsound(path, "it ends within a prefix");
        BlockKey root = BlockKey.FromBytes(rest[..KeyBytes]);
        long uses = MemoryMarshal.Read<long>(rest[KeyBytes..]);
        int length = MemoryMarshal.Read<int>(rest[(KeyBytes + sizeof(long))..]);
        rest = rest[EntryBytes..];
        if (uses < 0 || length <= 0 || length % blockTokens != 0 || length > rest.Length / sizeof(int)) throw Unsound(path, $"a prefix has {length} tokens and {uses} uses");
        int[] tokens = MemoryMarshal.Cast<byte, int>(rest[..(length * sizeof(int))]).ToArray();
        rest = rest[(length * sizeof(int))..];
        if (tokens.Any(token => (uint)token >= (uint)vocabulary)) throw Unsound(path, $"a prefix holds tokens outside 0 to {vocabulary - 1}");
        return new HotPrefix(root, uses, tokens);
    }

    /// <summary>Others see the old file or the whole new one.</summary>
    private static void Publish(string path, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string temporary = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (FileStream stream = new(temporary, options))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static InvalidDataException Unsound(string path, string why) => new($"{path} is no file of hot prefixes: {why}. It can be deleted; it is written anew.");
}
