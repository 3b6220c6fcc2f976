using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Engine.Embedding;

/// <summary>
/// Texts as vectors: the mean of a model's last hidden states over all tokens, of length 1. It runs the model's graph without its
/// head, on the weights the engine has loaded and in blocks of its own, so that answers' cache is left alone. Used by the step
/// loop's thread alone, a batch between two steps.
/// </summary>
internal sealed class Embedder : IDisposable
{
    /// <summary>Blocks beyond one context: so many short inputs fit a batch, each in at least one.</summary>
    private const int SpareBlocks = 64;

    private readonly IGraphExecutor _executor;
    private readonly IKvMemory _kv;
    private readonly ForwardBatch _batch = new();
    private readonly int _batchTokens;
    private readonly int _width;
    private float[] _hidden = [];

    public Embedder(ModelRuntime runtime)
    {
        ComputationGraph graph = runtime.Optimize(runtime.Package.Graph.WithoutHead());
        _width = graph[graph.Output].Width;
        _batchTokens = runtime.Options.StepTokens;
        _executor = runtime.Share(graph);
        KvLayout layout = KvLayout.For(graph, runtime.Options.KvType, runtime.Options.BlockTokens);
        _kv = runtime.AllocateKv(layout, BlocksFor(runtime.Context, layout.BlockTokens) + SpareBlocks);
    }

    /// <summary>Takes from the front of what is left as much as a batch holds: many short inputs, or a long one's next part.</summary>
    /// <returns>True once all are done.</returns>
    public bool Step(EmbeddingJob job)
    {
        _batch.Clear();
        List<(int Input, int Rows)> parts = Fill(job);
        int rows = _batch.RowCount;
        if (_hidden.Length < rows * _width) _hidden = new float[rows * _width];
        _executor.Run(_batch, _kv, _hidden.AsSpan(0, rows * _width));
        int row = 0;
        foreach ((int input, int count) in parts)
        {
            for (int i = 0; i < count; i++) job.Add(input, _hidden.AsSpan(row++ * _width, _width));
        }

        return job.Advance(parts);
    }

    public void Dispose()
    {
        _kv.Dispose();
        _executor.Dispose();
    }

    private List<(int Input, int Rows)> Fill(EmbeddingJob job)
    {
        List<(int Input, int Rows)> parts = [];
        int size = _kv.Layout.BlockTokens, block = 0;
        for (int i = job.Current; i < job.Inputs.Count && _batch.RowCount < _batchTokens; i++)
        {
            IReadOnlyList<int> tokens = job.Inputs[i];
            int start = i == job.Current ? job.Position : 0;
            int count = Math.Min(tokens.Count - start, _batchTokens - _batch.RowCount);
            int blocks = BlocksFor(tokens.Count, size);
            // An input that goes on in the next batch keeps the first blocks to itself: it must be the first here too.
            if (parts.Count > 0 && (block + blocks > _kv.BlockCount || start + count < tokens.Count)) break;
            int[] table = [.. Enumerable.Range(block, blocks)], part = [.. tokens.Skip(start).Take(count)];
            _batch.Add(part, start, table, size, LogitRows.All);
            parts.Add((i, count));
            block += blocks;
        }

        return parts;
    }

    private static int BlocksFor(int tokens, int size) => (tokens + size - 1) / size;
}
