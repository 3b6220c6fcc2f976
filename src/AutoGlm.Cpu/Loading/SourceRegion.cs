using System.Runtime.InteropServices;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Loading;

/// <summary>
/// Reads the tensors that matrices are packed from, piece by piece, and sums all of their bytes. Rows are mapped, and summed
/// while they come from memory; pages of the file are held for the matrices at hand alone.
/// </summary>
internal class SourceRegion : PieceRegion
{
    private readonly Hash128[] _sums;
    private readonly int[] _left;

    public SourceRegion(WeightPieces pieces, IProgress<double>? progress, CancellationToken cancellation)
        : base(pieces, progress, cancellation)
    {
        _sums = new Hash128[pieces.Count];
        _left = new int[pieces.Matrices.Count];
        for (int i = 0; i < pieces.Count; i++) _left[pieces[i].Matrix]++;
    }

    /// <summary>Names the content of all tensors, once the region has run.</summary>
    public Hash128 ContentHash => ShortHash.Of(MemoryMarshal.AsBytes<Hash128>(_sums));

    protected sealed override void Take(int index, WeightPiece piece, int thread)
    {
        (Tensor tensor, PackedMatrix matrix) = Pieces.Matrices[piece.Matrix];
        if (piece.Panel == 0 && piece.Matrix + 1 < Pieces.Matrices.Count) Pieces.Matrices[piece.Matrix + 1].Tensor.Prefetch();
        (long first, _) = matrix.RowsOf(piece.Panel);
        (long last, int count) = matrix.RowsOf(piece.Panel + piece.Count - 1);
        tensor.Populate(first, checked((int)(last + count - first)));
        Checksum sum = new();
        Begin(index, piece, thread);
        for (int panel = piece.Panel; panel < piece.Panel + piece.Count; panel++)
        {
            (long row, int rows) = matrix.RowsOf(panel);
            ReadOnlySpan<byte> bytes = tensor.Rows(row, rows);
            sum.Append(bytes);
            Take(piece, panel, row, bytes, thread);
        }

        _sums[index] = sum.Value;
        End(index, piece, thread);
        if (Interlocked.Decrement(ref _left[piece.Matrix]) == 0) tensor.Discard();
    }

    /// <summary>Before the first panel of a piece.</summary>
    protected virtual void Begin(int index, WeightPiece piece, int thread)
    {
    }

    /// <summary>The rows of one panel, the first of them numbered <paramref name="row"/> over the whole tensor.</summary>
    protected virtual void Take(WeightPiece piece, int panel, long row, ReadOnlySpan<byte> rows, int thread)
    {
    }

    /// <summary>After the last panel of a piece.</summary>
    protected virtual void End(int index, WeightPiece piece, int thread)
    {
    }
}
