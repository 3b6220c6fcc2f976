using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Reference;

/// <summary>Evaluates a graph node by node.</summary>
internal sealed class ReferenceExecutor(ComputationGraph graph, Dictionary<Weight, float[]> weights, int maxRows) : IGraphExecutor
{
    private readonly float[][] _values = new float[graph.Nodes.Count][];

    public long WeightBytes => weights.Values.Sum(values => (long)values.Length * sizeof(float));

    public long BytesPerToken => WeightBytes;

    public long ActivationBytes => _values.Sum(values => (values?.Length ?? 0L) * sizeof(float));

    public void Run(ForwardBatch batch, IKvMemory kv, Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.RowCount, maxRows);
        for (int i = 0; i < _values.Length; i++)
        {
            Node node = graph.Nodes[i];
            int rows = node.Rows == RowSpace.Tokens ? batch.RowCount : batch.LogitRows.Length;
            _values[i] = new float[rows * node.Width];
            if (rows > 0) new NodeEvaluation(rows, [.. node.Inputs.Select(input => _values[input.Index])], weights, batch, (HostKvMemory)kv, _values[i]).Run(node);
        }

        _values[graph.Output.Index].CopyTo(logits);
    }

    public IGraphExecutor Share(ComputationGraph other) => new ReferenceExecutor(other, weights, maxRows);

    public void Dispose()
    {
    }
}
