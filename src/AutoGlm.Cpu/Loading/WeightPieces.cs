using System.Text;
using AutoGlm.Cpu.Kernels;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cpu.Loading;

/// <summary>Panels of one of the matrices, by its index: what a thread takes at once.</summary>
internal readonly record struct WeightPiece(int Matrix, int Panel, int Count);

/// <summary>The matrices of a graph, in order, cut into pieces, and where each lies in memory that holds them all.</summary>
internal sealed class WeightPieces
{
    /// <summary>Bytes that matrices begin at multiples of: pages.</summary>
    public const int Alignment = 4096;

    /// <summary>A piece's rows in the file and its panels both stay in a core's second cache.</summary>
    private const long BytesAtOnce = 1 << 20;

    private readonly WeightPiece[] _pieces;
    private readonly long[] _offsets;

    public WeightPieces(IReadOnlyList<(Tensor Tensor, PackedMatrix Matrix)> matrices)
    {
        Matrices = matrices;
        _offsets = new long[matrices.Count];
        List<WeightPiece> pieces = [];
        StringBuilder description = new($"{PackedFormat.LayoutVersion} {BytesAtOnce} {Alignment}");
        for (int index = 0; index < matrices.Count; index++)
        {
            (Tensor tensor, PackedMatrix matrix) = matrices[index];
            int step = (int)Math.Clamp(BytesAtOnce / matrix.PanelBytes, 1, matrix.Panels);
            for (int panel = 0; panel < matrix.Panels; panel += step) pieces.Add(new WeightPiece(index, panel, Math.Min(step, matrix.Panels - panel)));
            _offsets[index] = Bytes;
            Bytes = checked(Bytes + (matrix.Bytes + Alignment - 1) / Alignment * Alignment);
            LargestPiece = Math.Max(LargestPiece, step * matrix.PanelBytes);
            description.Append($"\n{tensor.Name} {tensor.Type} {string.Join(',', tensor.Shape)} {matrix.PanelBytes} {matrix.Panels}");
        }

        _pieces = [.. pieces];
        Key = ShortHash.Of(Encoding.UTF8.GetBytes(description.ToString()));
    }

    public IReadOnlyList<(Tensor Tensor, PackedMatrix Matrix)> Matrices { get; }

    public int Count => _pieces.Length;

    public WeightPiece this[int index] => _pieces[index];

    /// <summary>Bytes of all matrices, each up to where the next begins.</summary>
    public long Bytes { get; }

    /// <summary>Bytes of the largest piece.</summary>
    public long LargestPiece { get; }

    /// <summary>Names the matrices, their types and shapes, and how they are packed; not their values.</summary>
    public Hash128 Key { get; }

    public long OffsetOf(int matrix) => _offsets[matrix];

    public long OffsetOf(WeightPiece piece) => _offsets[piece.Matrix] + piece.Panel * Matrices[piece.Matrix].Matrix.PanelBytes;

    public int BytesOf(WeightPiece piece) => checked((int)(piece.Count * Matrices[piece.Matrix].Matrix.PanelBytes));
}
