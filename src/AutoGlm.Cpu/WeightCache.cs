using System.Globalization;
using System.Runtime.InteropServices;
using AutoGlm.Cpu.Loading;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu;

/// <summary>
/// A folder of weights as the processor's kernels read them, a file for each model. A model whose packed weights are there is
/// not packed again: they are mapped, so that processes which run the same model share one copy in memory. Files are named by
/// the hash of everything they were made from; many processes may use the folder at once.
/// </summary>
/// <remarks>
/// A model's content need not be read to find its file where the system says that the model has not changed since it was:
/// a note then names the content of files by their <see cref="FileStamp"/>. Without a note the content is hashed. Likewise a file here is
/// compared with its checksums unless it is as it was when it last was, or was written, since the system started.
/// </remarks>
public sealed class WeightCache
{
    /// <summary>The variable of the environment that sets <see cref="Limit"/>: GiB; 0 for no cache.</summary>
    public const string LimitVariable = "AUTOGLM_WEIGHT_CACHE_GIB";

    /// <summary>Notes of each kind that are kept, the newest: a file that is in use for years is noted again every hour.</summary>
    internal const int MostNotes = 256;

    private const int DefaultLimit = 32;
    private const long Gibibyte = 1L << 30;
    private const string Weights = ".weights", Note = ".source", WholeNote = ".whole", Unfinished = ".part";

    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1), Recent = TimeSpan.FromHours(1);

    /// <param name="folder">Where the files are; made when the first is.</param>
    /// <exception cref="ArgumentException"><see cref="LimitVariable"/> is not a number.</exception>
    public WeightCache(string folder)
    {
        Folder = folder;
        Limit = LimitOf(Environment.GetEnvironmentVariable(LimitVariable));
    }

    /// <summary>Where it is by default; null where there is no place.</summary>
    public static string? DefaultFolder => CacheFolder.For("weights");

    public string Folder { get; }

    /// <summary>Most bytes of all files together: those used longest ago make room. 32 GiB where the environment does not say.</summary>
    public long Limit { get; init; }

    /// <summary>Fewer bytes of weights are not kept: they are packed as fast as a file is opened.</summary>
    public long Smallest { get; init; } = 8L << 20;

    /// <summary>Bytes of the disk that stay free: a GiB, and a twentieth of the whole.</summary>
    internal Func<DriveInfo, long> LeftFree { get; init; } = drive => Math.Max(Gibibyte, drive.TotalSize / 20);

    /// <summary>The files, last used first.</summary>
    public IReadOnlyList<WeightCacheEntry> List() =>
        [.. Files(Weights).Select(file => new WeightCacheEntry(file.FullName, ModelOf(file.FullName), file.Length, file.LastWriteTimeUtc)).OrderByDescending(entry => entry.LastUsed)];

    /// <summary>Deletes all files. Whoever has mapped one keeps it until it ends.</summary>
    /// <returns>The bytes that they had.</returns>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    public long Clear()
    {
        long bytes = 0;
        foreach (FileInfo file in (FileInfo[])[.. Files(Weights), .. Notes(), .. AbandonedFiles()])
        {
            bytes += file.Length;
            file.Delete();
        }

        return bytes;
    }

    /// <summary>The limit that a text of GiB sets.</summary>
    internal static long LimitOf(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return DefaultLimit * Gibibyte;
        bool isNumber = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double size) && size <= 1 << 20;
        return isNumber ? (long)(size * Gibibyte) : throw new ArgumentException($"{LimitVariable}={text}: should be a number of GiB, 0 for no cache.");
    }

    /// <summary>The file of matrices whose tensors have that content.</summary>
    internal string PathOf(WeightPieces pieces, Hash128 content) => Path.Combine(Folder, $"{pieces.Key}-{content}{Weights}");

    /// <summary>True where there are files of matrices of these names, types and shapes, with whatever content.</summary>
    internal bool HasAny(WeightPieces pieces) => Directory.Exists(Folder) && Directory.EnumerateFiles(Folder, $"{pieces.Key}-*{Weights}").Any();

    /// <summary>The content of a model's tensors as it was when its files had these stamps; null where that was not noted.</summary>
    internal Hash128? Recall(WeightPieces pieces, IReadOnlyList<FileStamp>? stamps) =>
        stamps is null ? null : Recall(KeyOf(pieces.Key, stamps), Note);

    /// <summary>Notes the content of files that have these stamps.</summary>
    internal void Remember(WeightPieces pieces, IReadOnlyList<FileStamp>? stamps, Hash128 content)
    {
        if (stamps is not null) Remember(KeyOf(pieces.Key, stamps), Note, content);
    }

    /// <summary>True where the cache's file of that content had this stamp when it was whole, since the system started.</summary>
    internal bool IsKnownWhole(WeightPieces pieces, FileStamp? stamp, Hash128 content) =>
        stamp is { } known && SystemStart.Id is { } start && Recall(KeyOf(pieces.Key ^ start, [known]), WholeNote) == content;

    /// <summary>Notes that the cache's file of that content is whole.</summary>
    internal void NoteWhole(WeightPieces pieces, FileStamp? stamp, Hash128 content)
    {
        if (stamp is { } known && SystemStart.Id is { } start) Remember(KeyOf(pieces.Key ^ start, [known]), WholeNote, content);
    }

    /// <summary>Marks a file as used now, where it was not lately.</summary>
    /// <returns>True where that changed its stamp.</returns>
    internal static bool Touch(string path)
    {
        bool touched = false;
        Try(() =>
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(path) < Recent) return;
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            touched = true;
        });
        return touched;
    }

    /// <summary>Deletes a file that is not sound.</summary>
    internal static void Drop(string path) => Try(() => File.Delete(path));

    /// <summary>A file to write matrices to, other files having made room for it; null where it may not be: too large, or the disk too full or not to be written.</summary>
    internal PackedFileWriter? Create(WeightPieces pieces)
    {
        long bytes = PackedFileFormat.FileBytes(pieces);
        if (bytes > Limit) return null;
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Folder);
            else Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            MakeRoom(bytes);
            DriveInfo drive = new(Folder);
            return drive.AvailableFreeSpace - bytes < LeftFree(drive) ? null : new PackedFileWriter(NewPath(), pieces);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private Hash128? Recall(Hash128 key, string kind)
    {
        try
        {
            string path = NotePath(key, kind);
            // Content, and a hash of it with its key.
            Span<Hash128> note = stackalloc Hash128[2];
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            bool whole = file.ReadAtLeast(MemoryMarshal.AsBytes(note), 2 * Hash128.Bytes, throwOnEndOfStream: false) == 2 * Hash128.Bytes && note[1] == Seal(key, note[0]);
            return whole ? note[0] : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Remember(Hash128 key, string kind, Hash128 content) => Try(() =>
    {
        string beside = NewPath();
        File.WriteAllBytes(beside, MemoryMarshal.AsBytes<Hash128>([content, Seal(key, content)]).ToArray());
        File.Move(beside, NotePath(key, kind), overwrite: true);
        foreach (FileInfo file in Files(kind).OrderByDescending(file => file.LastWriteTimeUtc).Skip(MostNotes)) file.Delete();
    });

    private void MakeRoom(long bytes)
    {
        long left = Limit - bytes;
        foreach (FileInfo file in Files(Weights).OrderByDescending(file => file.LastWriteTimeUtc))
        {
            left -= file.Length;
            if (left < 0) Drop(file.FullName);
        }

        foreach (FileInfo file in AbandonedFiles()) Drop(file.FullName);
    }

    /// <summary>Files with what is known of them now: others may delete them at any time.</summary>
    private FileInfo[] Files(string kind) => Directory.Exists(Folder) ? [.. new DirectoryInfo(Folder).EnumerateFiles("*" + kind).Where(IsThere)] : [];

    private static bool IsThere(FileInfo file)
    {
        file.Refresh();
        return file.Exists;
    }

    /// <summary>What a process that ended early left unfinished.</summary>
    private IEnumerable<FileInfo> AbandonedFiles() => Files(Unfinished).Where(file => DateTime.UtcNow - file.LastWriteTimeUtc > Abandoned);

    private string NewPath() => Path.Combine(Folder, Guid.NewGuid().ToString("N") + Unfinished);

    private FileInfo[] Notes() => [.. Files(Note), .. Files(WholeNote)];

    private string NotePath(Hash128 key, string kind) => Path.Combine(Folder, $"{key}{kind}");

    private static unsafe Hash128 KeyOf(Hash128 matrices, IReadOnlyList<FileStamp> stamps)
    {
        byte[] bytes = new byte[Hash128.Bytes + stamps.Count * sizeof(FileStamp)];
        matrices.Write(bytes);
        for (int i = 0; i < stamps.Count; i++) MemoryMarshal.Write(bytes.AsSpan(Hash128.Bytes + i * sizeof(FileStamp)), stamps[i]);
        return ShortHash.Of(bytes);
    }

    private static Hash128 Seal(Hash128 key, Hash128 content) => ShortHash.Of(MemoryMarshal.AsBytes<Hash128>([key, content]));

    private static string? ModelOf(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            byte[] beginning = new byte[PackedFileFormat.FixedBytes];
            return file.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false) == beginning.Length ? PackedFileFormat.Location(beginning) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What need not succeed: a cache that cannot be written only costs time.</summary>
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }
}
