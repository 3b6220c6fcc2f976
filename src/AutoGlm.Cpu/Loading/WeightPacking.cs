using AutoGlm.Cpu.Kernels;
using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Loading;

/// <summary>Checks and packs matrices while their rows are in the cache: into their own memory, or piece by piece into a file.</summary>
internal sealed unsafe class WeightPacking : SourceRegion, IDisposable
{
    private readonly string _location;
    private readonly PackedFileWriter? _file;
    private readonly PanelMemory?[] _buffers;

    /// <param name="pieces">What to pack.</param>
    /// <param name="location">The file, for errors.</param>
    /// <param name="threads">Threads that will run it.</param>
    /// <param name="file">Where the packed pieces go; null for the matrices' own memory.</param>
    /// <param name="progress">Told the fraction packed, by the thread that runs the region.</param>
    /// <param name="cancellation">Ends it early.</param>
    public WeightPacking(WeightPieces pieces, string location, int threads, PackedFileWriter? file, IProgress<double>? progress, CancellationToken cancellation)
        : base(pieces, progress, cancellation)
    {
        (_location, _file) = (location, file);
        _buffers = new PanelMemory?[threads];
    }

    public void Dispose()
    {
        foreach (PanelMemory? buffer in _buffers) buffer?.Dispose();
    }

    protected override void Begin(int index, WeightPiece piece, int thread)
    {
        if (_file is not null) _buffers[thread] ??= new PanelMemory(Pieces.LargestPiece);
    }

    protected override void Take(WeightPiece piece, int panel, long row, ReadOnlySpan<byte> rows, int thread)
    {
        (Tensor tensor, PackedMatrix matrix) = Pieces.Matrices[piece.Matrix];
        Check(tensor, row, rows);
        if (_file is null) matrix.PackPanels(panel, 1);
        else matrix.PackPanel(panel, _buffers[thread]!.Address + (panel - piece.Panel) * matrix.PanelBytes);
    }

    protected override void End(int index, WeightPiece piece, int thread) =>
        _file?.Write(index, new ReadOnlySpan<byte>(_buffers[thread]!.Address, Pieces.BytesOf(piece)));

    private void Check(Tensor tensor, long row, ReadOnlySpan<byte> rows)
    {
        long block = tensor.Format.FirstNotFinite(rows);
        if (block < 0) return;
        long at = row + block / (tensor.RowLength / tensor.Format.BlockLength);
        throw new ModelFormatException(_location, tensor.Name, $"row {at} holds a {(tensor.Format.BlockLength == 1 ? "value" : "scale")} that is infinite or not a number; the file is damaged");
    }
}
