using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Loading;

/// <summary>A file of packed matrices, mapped: processes that run the same model read the same pages.</summary>
internal sealed unsafe class PackedFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly WeightPieces _pieces;
    private readonly Hash128[] _sums;
    private readonly long _data;

    private PackedFile(MappedFile file, WeightPieces pieces, Hash128 content)
    {
        _file = file;
        _pieces = pieces;
        _sums = PackedFileFormat.Read(file.Span(0, (int)Math.Min(file.Length, int.MaxValue)), file.Length, pieces, content);
        _data = PackedFileFormat.DataOffset(pieces);
        file.PreferHugePages();
    }

    public long Bytes => _pieces.Bytes;

    /// <summary>What the system notes of the file now; null where it notes too little.</summary>
    public FileStamp? Stamp => _file.StampNow;

    /// <summary>Opens a file and checks its header; its matrices are for <see cref="CheckPiece"/>.</summary>
    /// <exception cref="FileNotFoundException">There is none: other processes may delete it at any time.</exception>
    /// <exception cref="InvalidDataException">It cannot be read, or is not the whole file of these matrices with that content.</exception>
    public static PackedFile Open(string path, WeightPieces pieces, Hash128 content)
    {
        MappedFile file;
        try
        {
            file = MappedFile.Open(path);
        }
        catch (ModelFormatException error)
        {
            if (error.InnerException is FileNotFoundException) throw new FileNotFoundException(error.Message, path, error);
            throw new InvalidDataException(error.Message, error);
        }

        try
        {
            return new PackedFile(file, pieces, content);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Asks the system to read the file ahead; pages are mapped when they are first used.</summary>
    public void Prefetch() => _file.Prefetch(0, _file.Length);

    /// <summary>Maps a piece's pages and compares its bytes with their sum.</summary>
    /// <exception cref="InvalidDataException">They are not what was written.</exception>
    public void CheckPiece(int index)
    {
        WeightPiece piece = _pieces[index];
        long offset = _data + _pieces.OffsetOf(piece);
        int bytes = _pieces.BytesOf(piece);
        _file.Populate(offset, bytes);
        if (Checksum.Of(_file.Span(offset, bytes)) != _sums[index]) throw new InvalidDataException($"is damaged between bytes {offset:N0} and {offset + bytes:N0}");
    }

    /// <summary>Lets the matrices read their panels from the file.</summary>
    public void Attach()
    {
        for (int i = 0; i < _pieces.Matrices.Count; i++) _pieces.Matrices[i].Matrix.ReadFrom(_file.Start + _data + _pieces.OffsetOf(i));
    }

    public void Dispose() => _file.Dispose();
}
