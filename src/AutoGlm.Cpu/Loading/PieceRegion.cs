using AutoGlm.Cpu.Threading;

namespace AutoGlm.Cpu.Loading;

/// <summary>Work on all pieces of a graph's matrices, in order: a thread takes the next, whatever matrix it belongs to.</summary>
/// <param name="pieces">The pieces.</param>
/// <param name="progress">Told the fraction done, by the thread that runs the region.</param>
/// <param name="cancellation">Ends it early.</param>
internal abstract class PieceRegion(WeightPieces pieces, IProgress<double>? progress, CancellationToken cancellation) : IParallelRegion
{
    private int _next;
    private volatile bool _failed;

    protected WeightPieces Pieces => pieces;

    public void Run(int thread, int threads)
    {
        try
        {
            for (int at; !_failed && (at = Interlocked.Increment(ref _next) - 1) < pieces.Count;)
            {
                cancellation.ThrowIfCancellationRequested();
                Take(at, pieces[at], thread);
                if (thread == 0) progress?.Report((at + 1.0) / pieces.Count);
            }
        }
        catch
        {
            // The others need not finish what will be thrown away.
            _failed = true;
            throw;
        }
    }

    protected abstract void Take(int index, WeightPiece piece, int thread);
}
