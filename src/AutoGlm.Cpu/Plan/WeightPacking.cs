using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Threading;
using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Plan;

/// <summary>
/// Packs matrices, in order. Threads take a few panels at a time, whatever matrix they belong to: their rows are mapped, checked
/// while they come from memory, and packed from the cache. Pages of the file are held for the matrices at hand alone.
/// </summary>
internal sealed class WeightPacking : IParallelRegion
{
    private const long BytesAtOnce = 1 << 20;

    private readonly List<Piece> _pieces = [];
    private readonly int[] _piecesLeft;
    private readonly IReadOnlyList<(Tensor Tensor, PackedMatrix Matrix)> _matrices;
    private readonly string _location;
    private readonly IProgress<double>? _progress;
    private readonly CancellationToken _cancellation;
    private int _next;
    private volatile bool _failed;

    /// <param name="matrices">What to pack, and where to.</param>
    /// <param name="location">The file, for errors.</param>
    /// <param name="progress">Told the fraction packed, by the thread that runs the region.</param>
    /// <param name="cancellation">Ends it early.</param>
    public WeightPacking(IReadOnlyList<(Tensor Tensor, PackedMatrix Matrix)> matrices, string location, IProgress<double>? progress, CancellationToken cancellation)
    {
        (_matrices, _location, _progress, _cancellation) = (matrices, location, progress, cancellation);
        _piecesLeft = new int[matrices.Count];
        for (int index = 0; index < matrices.Count; index++)
        {
            PackedMatrix matrix = matrices[index].Matrix;
            int step = (int)Math.Clamp(BytesAtOnce / matrix.PanelBytes, 1, matrix.Panels);
            for (int panel = 0; panel < matrix.Panels; panel += step) _pieces.Add(new Piece(index, panel, Math.Min(step, matrix.Panels - panel)));
            _piecesLeft[index] = (matrix.Panels + step - 1) / step;
        }
    }

    public void Run(int thread, int threads)
    {
        try
        {
            for (int at; !_failed && (at = Interlocked.Increment(ref _next) - 1) < _pieces.Count;)
            {
                _cancellation.ThrowIfCancellationRequested();
                Pack(_pieces[at]);
                if (thread == 0) _progress?.Report((at + 1.0) / _pieces.Count);
            }
        }
        catch
        {
            // The others need not finish what will be thrown away.
            _failed = true;
            throw;
        }
    }

    private void Pack(Piece piece)
    {
        (Tensor tensor, PackedMatrix matrix) = _matrices[piece.Matrix];
        if (piece.Panel == 0 && piece.Matrix + 1 < _matrices.Count) _matrices[piece.Matrix + 1].Tensor.Prefetch();
        (long first, _) = matrix.RowsOf(piece.Panel);
        (long last, int count) = matrix.RowsOf(piece.Panel + piece.Count - 1);
        tensor.Populate(first, checked((int)(last + count - first)));
        for (int panel = piece.Panel; panel < piece.Panel + piece.Count; panel++)
        {
            (long row, int rows) = matrix.RowsOf(panel);
            Check(tensor, row, rows);
            matrix.PackPanels(panel, 1);
        }

        if (Interlocked.Decrement(ref _piecesLeft[piece.Matrix]) == 0) tensor.Discard();
    }

    private void Check(Tensor tensor, long row, int count)
    {
        long block = tensor.Format.FirstNotFinite(tensor.Rows(row, count));
        if (block < 0) return;
        long at = row + block / (tensor.RowLength / tensor.Format.BlockLength);
        throw new ModelFormatException(_location, tensor.Name, $"row {at} holds a {(tensor.Format.BlockLength == 1 ? "value" : "scale")} that is infinite or not a number; the file is damaged");
    }

    /// <summary>Panels of one of the matrices, by its index.</summary>
    private readonly record struct Piece(int Matrix, int Panel, int Count);
}
