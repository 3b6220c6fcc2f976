namespace AutoGlm.Cpu.Loading;

/// <summary>Writes a file of packed matrices, its pieces in any order and by any thread. Nobody finds it before <see cref="Publish"/>.</summary>
internal sealed class PackedFileWriter : IDisposable
{
    private readonly FileStream _file;
    private readonly WeightPieces _pieces;
    private readonly Hash128[] _sums;
    private readonly long _data;

    /// <param name="path">Where it is written.</param>
    /// <param name="pieces">What will be.</param>
    /// <exception cref="IOException">It cannot be made, or the disk has no room for it.</exception>
    public PackedFileWriter(string path, WeightPieces pieces)
    {
        _pieces = pieces;
        _sums = new Hash128[pieces.Count];
        _data = PackedFileFormat.DataOffset(pieces);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0, PreallocationSize = PackedFileFormat.FileBytes(pieces) };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new FileStream(path, options);
    }

    public void Write(int index, ReadOnlySpan<byte> piece)
    {
        _sums[index] = Checksum.Of(piece);
        RandomAccess.Write(_file.SafeFileHandle, piece, _data + _pieces.OffsetOf(_pieces[index]));
    }

    /// <summary>
    /// Writes the header and gives the file its name, in place of any that has it. What a failing system has not brought to the disk
    /// by then, readers find by its sums.
    /// </summary>
    /// <param name="path">Its name.</param>
    /// <param name="content">Hash of the tensors' content.</param>
    /// <param name="location">The model's file, for people.</param>
    public void Publish(string path, Hash128 content, string location)
    {
        RandomAccess.Write(_file.SafeFileHandle, PackedFileFormat.Header(_pieces, content, location, _sums), 0);
        RandomAccess.SetLength(_file.SafeFileHandle, PackedFileFormat.FileBytes(_pieces));
        _file.Dispose();
        File.Move(_file.Name, path, overwrite: true);
    }

    /// <summary>Closes the file, and deletes it where it was not published.</summary>
    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_file.Name);
    }
}
