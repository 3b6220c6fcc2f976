using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;
using AutoGlm.Cuda.Plan;
using AutoGlm.Cuda.Sampling;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda;

/// <summary>A loaded graph: its steps are queued one after another on one stream, and its logits copied back, or the tokens that the card chose.</summary>
internal sealed class CudaExecutor : ISamplingExecutor
{
    private const long MostStagedBytes = 16 << 20;

    private readonly CudaDevice _device;
    private readonly ComputationGraph _graph;
    private readonly DeviceWeights _weights;
    private readonly PlanMemory _memory;
    private readonly PlanStep[] _steps;
    private readonly IReadOnlyList<IDisposable> _owned;
    private readonly BatchUpload _upload;
    private readonly PinnedBuffer _staging;
    private readonly StepContext _context;
    private readonly Operations _operations;
    private readonly TokenChoices _choices;
    private readonly DecodeGraphs? _graphs;
    private readonly int _maxRows;
    private readonly bool _fitGraphs;
    private readonly bool _ownsWeights;
    private readonly Func<ComputationGraph, CudaExecutor> _share;

    /// <param name="device">The card.</param>
    /// <param name="stream">Where its steps are queued.</param>
    /// <param name="kernels">The card's kernels.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="weights">Its parameters.</param>
    /// <param name="operations">What queues its operations; disposed with it.</param>
    /// <param name="fusions">Nodes that others' kernels do; null for none.</param>
    /// <param name="maxRows">The most rows of a batch.</param>
    /// <param name="options">What else the plan does.</param>
    /// <param name="ownsWeights">True to free the parameters with it.</param>
    /// <param name="share">Loads another graph over the same parameters.</param>
    public CudaExecutor(
        CudaDevice device,
        CudaStream stream,
        KernelLibrary kernels,
        ComputationGraph graph,
        DeviceWeights weights,
        Operations operations,
        Fusions? fusions,
        int maxRows,
        CudaOptions options,
        bool ownsWeights,
        Func<ComputationGraph, CudaExecutor> share)
    {
        if (graph[graph.Output].Rows != RowSpace.Logits) throw new ArgumentException("A graph's output should have the rows that want logits.", nameof(graph));
        _device = device;
        _graph = graph;
        _weights = weights;
        _operations = operations;
        _maxRows = maxRows;
        _ownsWeights = ownsWeights;
        _share = share;
        _context = new StepContext { Stream = stream };
        _fitGraphs = options.FitGraphs;
        _memory = new PlanMemory(device, graph, maxRows);
        PlanCompiler compiler = new(graph, weights, _memory, operations, fusions, options.HandOver, device);
        _choices = new TokenChoices(device, kernels, _memory[graph.Output], maxRows);
        _steps = [.. compiler.Compile(stream), new PlanStep("choose tokens", _choices.Queue)];
        _owned = compiler.Owned;
        if (options.CaptureGraphs) _graphs = new DecodeGraphs(_steps, maxRows);
        _upload = new BatchUpload(device, maxRows);
        long row = (long)_memory[graph.Output].Stride * sizeof(float);
        _staging = new PinnedBuffer(device, Math.Max(row, MostStagedBytes / row * row));
        BytesPerToken = graph.BytesPerToken(weight => weights.Matrix(weight).Bytes);
    }

    public long WeightBytes => _weights.Bytes;

    public long BytesPerToken { get; }

    public long ActivationBytes => _memory.Bytes;

    public void Run(ForwardBatch batch, IKvMemory kv, Span<float> logits)
    {
        _graph.CheckRun(batch, _maxRows, logits);
        if (batch.RowCount == 0) return;
        Queue(batch, kv, [], follows: false);
        Download(logits, 0, batch.LogitRows.Length);
    }

    public void Begin(ForwardBatch batch, IKvMemory kv, ReadOnlySpan<RowSampling> rows, int vocabulary, bool follows)
    {
        _graph.CheckRun(batch, _maxRows);
        if (rows.Length != batch.LogitRows.Length) throw new ArgumentException($"{batch.LogitRows.Length} rows want a token, not {rows.Length}.", nameof(rows));
        if (_choices.IsFull) throw new InvalidOperationException("Two steps are under way; one is to be ended first.");
        if (_choices.Vocabulary != vocabulary) _graphs?.Clear();
        _choices.Vocabulary = vocabulary;
        if (batch.RowCount > 0) Queue(batch, kv, _choices.Convert(rows), follows);
        _choices.Begin(_context, rows.Length);
    }

    public void End(Span<int> tokens)
    {
        _device.MakeCurrent();
        _choices.End(tokens);
    }

    public void ReadLogits(int row, Span<float> logits)
    {
        _device.MakeCurrent();
        Download(logits, row, 1);
    }

    public IGraphExecutor Share(ComputationGraph graph) => _share(graph);

    public void Dispose()
    {
        _device.MakeCurrent();
        _context.Stream.Synchronize();
        _graphs?.Dispose();
        _choices.Dispose();
        foreach (IDisposable owned in _owned) owned.Dispose();
        _staging.Dispose();
        _upload.Dispose();
        _memory.Dispose();
        _operations.Dispose();
        if (_ownsWeights) _weights.Dispose();
    }

    private void Queue(ForwardBatch batch, IKvMemory kv, ReadOnlySpan<SamplingRow> choices, bool follows)
    {
        CudaKvMemory memory = kv as CudaKvMemory ?? throw new ArgumentException("The KV memory is another backend's.", nameof(kv));
        _device.MakeCurrent();
        int graphRows = _graphs?.RowsFor(batch) ?? 0, rows = Math.Max(batch.RowCount, graphRows);
        bool moved = _context.Kv != memory.Address || !ReferenceEquals(_context.KvLayout, memory.Layout);
        (_context.Kv, _context.KvLayout) = (memory.Address, memory.Layout);
        moved |= _memory.ReserveOutput(Math.Max(1, rows > batch.RowCount ? rows : batch.LogitRows.Length));
        moved |= _upload.Send(batch, rows, choices, follows, _context);
        moved |= _operations.Begin(_context, batch);
        if (moved) _graphs?.Clear();
        _context.GraphTiles = _fitGraphs ? _operations.Tiles : int.MaxValue;
        Queue(graphRows);
    }

    private void Queue(int graphRows)
    {
        if (graphRows > 0)
        {
            _graphs!.Queue(_context, graphRows);
            return;
        }

        foreach (PlanStep step in _steps) step.Queue(_context);
    }

    /// <summary>Copies rows of logits from a row on, as many at once as the page-locked buffer holds, and waits for them.</summary>
    private void Download(Span<float> logits, int first, int rows)
    {
        int width = _graph[_graph.Output].Width;
        Operand output = _memory[_graph.Output];
        int most = (int)(_staging.Bytes / (output.Stride * sizeof(float)));
        if (most == 0) throw new InvalidOperationException("A row of logits does not fit.");
        for (int row = 0; row < rows; row += most)
        {
            int count = Math.Min(most, rows - row);
            _context.Stream.Download(_staging.Address, output.Address + (nint)(first + row) * output.Stride * sizeof(float), (long)count * output.Stride * sizeof(float));
            _context.Stream.Synchronize();
            ReadOnlySpan<float> staged = _staging.Span<float>(0, count * output.Stride);
            for (int i = 0; i < count; i++) staged.Slice(i * output.Stride, width).CopyTo(logits.Slice((row + i) * width, width));
        }

        if (rows == 0) _context.Stream.Synchronize();
    }
}
