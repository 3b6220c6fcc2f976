namespace AutoGlm.Cpu.Loading;

/// <summary>Compares all of a file's pieces with their sums, which brings them into memory too.</summary>
internal sealed class PackedFileCheck(PackedFile file, WeightPieces pieces, IProgress<double>? progress, CancellationToken cancellation) : PieceRegion(pieces, progress, cancellation)
{
    protected override void Take(int index, WeightPiece piece, int thread) => file.CheckPiece(index);
}
