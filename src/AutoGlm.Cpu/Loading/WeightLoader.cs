using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;

namespace AutoGlm.Cpu.Loading;

/// <summary>
/// Gives matrices their panels: from a file of the cache where there is one of the same content, else packed, into such a file
/// where there may be one, into memory otherwise.
/// </summary>
internal sealed class WeightLoader(WeightPieces pieces, IWeightSource source, ThreadTeam team, IProgress<double>? progress, CancellationToken cancellation)
{
    private readonly List<string> _notices = [];

    /// <summary>Names the content of all tensors, once they are loaded.</summary>
    public Hash128 Content { get; private set; }

    /// <summary>What people should know: files that were damaged or could not be written.</summary>
    public IReadOnlyList<string> Notices => _notices;

    /// <returns>The file that the matrices read from; null where they have memory of their own.</returns>
    /// <exception cref="Formats.ModelFormatException">A tensor holds a value or scale that is not finite.</exception>
    public PackedFile? Load(WeightCache? cache)
    {
        PackedFile? file = cache is null || pieces.Bytes < cache.Smallest ? null : Find(cache) ?? Make(cache);
        if (file is not null)
        {
            file.Attach();
            return file;
        }

        foreach ((_, PackedMatrix matrix) in pieces.Matrices) matrix.Allocate();
        Content = Pack(null);
        return null;
    }

    private PackedFile? Find(WeightCache cache)
    {
        IReadOnlyList<FileStamp>? stamps = source.Stamps;
        Hash128? noted = cache.Recall(pieces, stamps);
        if (noted is { } content && OpenWhole(cache, content) is { } known) return known;
        if (noted is not null || !cache.HasAny(pieces)) return null;
        SourceRegion reading = new(pieces, progress, cancellation);
        team.Run(reading);
        PackedFile? file = OpenWhole(cache, reading.ContentHash);
        if (file is not null) cache.Remember(pieces, SameAs(stamps), reading.ContentHash);
        return file;
    }

    /// <summary>A file whose pieces were all compared with their checksums, now or when it had the stamp that it has; null where there is none.</summary>
    private PackedFile? OpenWhole(WeightCache cache, Hash128 content)
    {
        string path = cache.PathOf(pieces, content);
        PackedFile? file = null;
        try
        {
            file = PackedFile.Open(path, pieces, content);
            FileStamp? stamp = file.Stamp;
            bool known = cache.IsKnownWhole(pieces, stamp, content);
            if (known) file.Prefetch();
            else team.Run(new PackedFileCheck(file, pieces, progress, cancellation));
            bool unchanged = file.Stamp == stamp;
            if (unchanged && (WeightCache.Touch(path) || !known)) cache.NoteWhole(pieces, file.Stamp, content);
            Content = content;
            return file;
        }
        catch (Exception error)
        {
            file?.Dispose();
            if (error is FileNotFoundException) return null;
            if (error is not InvalidDataException) throw;
            _notices.Add($"{path}: cached weights: {error.Message}; they are packed anew");
            WeightCache.Drop(path);
            return null;
        }
    }

    private PackedFile? Make(WeightCache cache)
    {
        IReadOnlyList<FileStamp>? stamps = source.Stamps;
        try
        {
            using PackedFileWriter? writer = cache.Create(pieces);
            if (writer is null) return null;
            Hash128 content = Pack(writer);
            string path = cache.PathOf(pieces, content);
            writer.Publish(path, content, source.Location);
            cache.Remember(pieces, SameAs(stamps), content);
            Content = content;
            PackedFile file = PackedFile.Open(path, pieces, content);
            cache.NoteWhole(pieces, file.Stamp, content);
            return file;
        }
        catch (FileNotFoundException)
        {
            // Another process has cleared the cache meanwhile.
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            _notices.Add($"{cache.Folder}: packed weights cannot be kept: {error.Message}; make room, set another folder by AUTOGLM_CACHE, or do without the cache");
            return null;
        }
    }

    /// <summary>The stamps, where the files still have them.</summary>
    private IReadOnlyList<FileStamp>? SameAs(IReadOnlyList<FileStamp>? before) =>
        before is not null && source.Stamps is { } now && now.SequenceEqual(before) ? before : null;

    private Hash128 Pack(PackedFileWriter? writer)
    {
        using WeightPacking packing = new(pieces, source.Location, team.Threads, writer, progress, cancellation);
        team.Run(packing);
        return packing.ContentHash;
    }
}
