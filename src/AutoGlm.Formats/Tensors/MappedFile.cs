using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace AutoGlm.Formats.Tensors;

/// <summary>A whole file mapped read-only. Spans into it must not be used after <see cref="Dispose"/>.</summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly FileStamp? _opened;
    private byte* _start;

    private MappedFile(string path, FileStream stream, MemoryMappedFile file, long length)
    {
        _stream = stream;
        _opened = FileStamp.Of(stream.SafeFileHandle) is { } stamp && stamp.IsSettled(DateTimeOffset.UtcNow) ? stamp : null;
        Path = path;
        Length = length;
        _file = file;
        _view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    public string Path { get; }

    /// <summary>Bytes of the file when it was opened, and of the mapping.</summary>
    public long Length { get; }

    /// <summary>Where the mapping begins; null after <see cref="Dispose"/>.</summary>
    public byte* Start => _start;

    /// <summary>
    /// What the system notes of the file, whatever its path has become: two equal stamps are of the same content. Null where it notes
    /// too little, and where the file has changed since it was opened, or so shortly before that a change then might not show.
    /// </summary>
    public FileStamp? Stamp => _opened is { } opened && StampNow == opened ? opened : null;

    /// <summary>What the system notes of the file now, however lately it changed; null where it notes too little.</summary>
    public FileStamp? StampNow => FileStamp.Of(_stream.SafeFileHandle);

    /// <exception cref="ModelFormatException">The path is not a readable file with something in it.</exception>
    public static MappedFile Open(string path)
    {
        if (Directory.Exists(path)) throw new ModelFormatException(path, "file", "is a folder, not a file");
        if (!File.Exists(path)) throw new ModelFormatException(path, "file", "does not exist", new FileNotFoundException(null, path));
        MemoryMappedFile? file = null;
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            long length = stream.Length;
            if (length == 0)
            {
                stream.Dispose();
                throw new ModelFormatException(path, "file", "is empty; download it again");
            }

            file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedFile(path, stream, file, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            file?.Dispose();
            throw new ModelFormatException(path, "file", "cannot be read: " + e.Message, e);
        }
    }

    /// <summary>Bytes of the file. The caller has checked the range against <see cref="Length"/>.</summary>
    /// <exception cref="ObjectDisposedException">The file has been closed.</exception>
    public ReadOnlySpan<byte> Span(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - count);
        return new ReadOnlySpan<byte>(_start + offset, count);
    }

    /// <summary>Asks the system to read the range ahead.</summary>
    public void Prefetch(long offset, long count) => Advise(offset, count, WillNeed);

    /// <summary>Reads the range into memory where it is not, and maps its pages.</summary>
    public void Populate(long offset, long count) => Advise(offset, count, PopulateRead);

    /// <summary>Asks for huge pages where the file system has them: the mapping will be read again and again.</summary>
    public void PreferHugePages() => Advise(0, Length, UseHugePages);

    /// <summary>Takes the range's pages out of this process; they stay readable, from the file.</summary>
    public void Discard(long offset, long count) => Advise(offset, count, DontNeed);

    public void Dispose()
    {
        if (_start is null) return;
        _start = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private const int WillNeed = 3, DontNeed = 4, UseHugePages = 14, PopulateRead = 22;

    private void Advise(long offset, long count, int advice)
    {
        if (_start is null || count <= 0 || !OperatingSystem.IsLinux()) return;
        // Outwards to whole pages: harmless to neighbours, as the pages are clean copies of the file.
        nint page = Environment.SystemPageSize;
        nint first = (nint)(_start + offset) / page * page;
        nint last = ((nint)(_start + offset + count) + page - 1) / page * page;
        _ = Madvise(first, last - first, advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(nint address, nint length, int advice);
}
