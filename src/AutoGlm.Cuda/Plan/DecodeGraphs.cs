using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda.Plan;

/// <summary>
/// CUDA graphs of the steps that generate: batches whose sequences have one row each, which all want logits. There is one for each
/// of a few numbers of rows and of attention's tiles, with and without the choice of tokens; a batch is run by the next larger. What
/// a step queues is recorded the second time it comes, when all its kernels are loaded.
/// </summary>
internal sealed class DecodeGraphs(PlanStep[] steps, int maxRows) : IDisposable
{
    private readonly Dictionary<(int Rows, int Tiles, bool Choices), CudaGraph?> _graphs = [];

    /// <summary>Rows of the graph that runs a batch; 0 where none does.</summary>
    public int RowsFor(ForwardBatch batch)
    {
        int rows = batch.RowCount;
        if (batch.Sequences.Length != rows || batch.LogitRows.Length != rows) return 0;
        int step = rows <= 8 ? 1 : rows <= 64 ? 8 : rows <= 256 ? 32 : 128;
        return Math.Min((rows + step - 1) / step * step, maxRows);
    }

    /// <summary>Queues the steps of a batch that has so many rows, some of which may be none.</summary>
    public void Queue(StepContext context, int rows)
    {
        context.GraphRows = rows;
        (int, int, bool) key = (rows, context.GraphTiles, context.Choices != 0);
        try
        {
            if (!_graphs.TryGetValue(key, out CudaGraph? graph))
            {
                _graphs.Add(key, null);
                QueueSteps(context);
                return;
            }

            _graphs[key] = graph ??= CudaGraph.Capture(context.Stream, () => QueueSteps(context));
            graph.Launch(context.Stream);
        }
        finally
        {
            context.GraphRows = 0;
        }
    }

    /// <summary>Forgets what was recorded, as something has moved.</summary>
    public void Clear()
    {
        foreach (CudaGraph? graph in _graphs.Values) graph?.Dispose();
        _graphs.Clear();
    }

    public void Dispose() => Clear();

    private void QueueSteps(StepContext context)
    {
        foreach (PlanStep step in steps) step.Queue(context);
    }
}
