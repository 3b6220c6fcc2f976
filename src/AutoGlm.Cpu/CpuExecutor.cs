using AutoGlm.Cpu.Kernels;
using AutoGlm.Cpu.Plan;
using AutoGlm.Cpu.Threading;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;
using MatMul = AutoGlm.Graph.Nodes.MatMul;
using Rope = AutoGlm.Graph.Nodes.Rope;

namespace AutoGlm.Cpu;

/// <summary>A loaded graph: every thread walks the stages of the batch's kind, with a barrier after each; one wake of the team a batch.</summary>
internal sealed unsafe class CpuExecutor : IGraphExecutor, IParallelRegion
{
    private readonly ComputationGraph _graph;
    private readonly WeightStore _weights;
    private readonly ThreadTeam _team;
    private readonly PlanMemory _memory;
    private readonly PlanScheduler _scheduler;
    private readonly Stage[]?[] _schedules = new Stage[]?[BatchKind.Count];
    private readonly IReadOnlyList<IDisposable> _owned;
    private readonly StepContext _context = new();
    private readonly KernelSet _kernels;
    private readonly PlanOptions _options;
    private readonly bool _ownsWeights;
    private readonly KeySplit _split;
    private readonly int _maxRows;
    private QueryRows[] _sequences = [];
    private nint[] _blocks = [];
    private Stage[] _stages = [];

    public CpuExecutor(ComputationGraph graph, WeightStore weights, ThreadTeam team, KernelSet kernels, int maxRows, PlanOptions options, bool ownsWeights = true)
    {
        if (graph[graph.Output].Rows != RowSpace.Logits) throw new ArgumentException("A graph's output should have the rows that want logits.", nameof(graph));
        _graph = graph = PlanPasses.Trace(graph, options.WithoutPasses).Graph;
        _weights = weights;
        _team = team;
        _kernels = kernels;
        _options = options;
        _ownsWeights = ownsWeights;
        _maxRows = maxRows;
        _memory = new PlanMemory(graph, maxRows, team.Threads);
        PlanCompiler compiler = new(graph, weights, _memory, kernels, maxRows);
        _scheduler = new PlanScheduler(compiler.Compile(), team.Threads, options);
        _owned = compiler.Owned;
        _split = new KeySplit(graph.Attentions.Select(attention => attention.Shape), _memory.Kv, team.Threads);
        BytesPerToken = graph.BytesPerToken(weight => weights.Matrix(weight).Bytes);
    }

    public long WeightBytes => _weights.Bytes;

    public long MappedBytes => _weights.MappedBytes;

    public ReadOnlyMemory<byte> ContentHash => _weights.ContentHash;

    public long BytesPerToken { get; }

    public long ActivationBytes => _memory.Bytes;

    public void Run(ForwardBatch batch, IKvMemory kv, Span<float> logits)
    {
        _graph.CheckRun(batch, _maxRows, logits);
        if (batch.RowCount == 0) return;
        HostKvMemory memory = kv as HostKvMemory ?? throw new ArgumentException("The KV memory is another backend's.", nameof(kv));
        _memory.Kv.Bind(memory.Layout);
        PlaceSequences(batch, memory);
        fixed (int* tokens = batch.Tokens, positions = batch.Positions, selected = batch.LogitRows)
        fixed (QueryRows* sequences = _sequences)
        fixed (nint* blocks = _blocks)
        fixed (float* output = logits, inputs = batch.Inputs.Span)
        {
            for (int i = 0; i < batch.Sequences.Length; i++) sequences[i].Blocks = (byte**)(blocks + batch.Sequences[i].FirstBlock);
            _context.Tokens = tokens;
            _context.Inputs = inputs;
            _context.Positions = positions;
            _context.SelectedRows = selected;
            _context.Sequences = sequences;
            (_context.TokenRows, _context.LogitRows, _context.SequenceCount) = (batch.RowCount, batch.LogitRows.Length, batch.Sequences.Length);
            _context.SingleRows = batch.Sequences.Length == batch.RowCount;
            BatchKind kind = new(
                batch.RowCount >= _team.Threads, batch.LogitRows.Length >= _team.Threads, _context.SingleRows, _split.Decide(sequences, _context.SequenceCount));
            _stages = Schedule(kind);
            foreach (Stage stage in _stages) stage.Reset();
            _memory.PlaceOutput(output, _graph[_graph.Output].Width);
            _team.Run(this);
        }
    }

    public IGraphExecutor Share(ComputationGraph graph) => new CpuExecutor(graph, _weights, _team, _kernels, _maxRows, _options, ownsWeights: false);

    /// <summary>The stages that a kind of batch goes through, made at its first.</summary>
    internal Stage[] Schedule(BatchKind kind) => _schedules[kind.Index] ??= _scheduler.Schedule(kind);

    void IParallelRegion.Run(int thread, int threads)
    {
        for (int i = 0; i < _stages.Length; i++)
        {
            if (i > 0 && threads > 1) _team.Barrier();
            _stages[i].Run(_context, thread, threads);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable owned in _owned) owned.Dispose();
        _memory.Dispose();
        if (_ownsWeights) _weights.Dispose();
    }

    /// <summary>Addresses of all blocks of the batch. The arrays are pinned while the team runs.</summary>
    private void PlaceSequences(ForwardBatch batch, HostKvMemory memory)
    {
        if (_sequences.Length < batch.Sequences.Length) _sequences = new QueryRows[2 * batch.Sequences.Length];
        if (_blocks.Length < batch.BlockTables.Length) _blocks = new nint[2 * batch.BlockTables.Length];
        for (int i = 0; i < batch.BlockTables.Length; i++) _blocks[i] = (nint)memory[batch.BlockTables[i]];
        for (int i = 0; i < batch.Sequences.Length; i++)
        {
            BatchSequence sequence = batch.Sequences[i];
            _sequences[i] = new QueryRows { Row = sequence.FirstRow, Rows = sequence.RowCount, Position = sequence.FirstPosition };
        }
    }
}
