using AutoGlm.Cpu;
using AutoGlm.Cpu.Reference;
using AutoGlm.Cuda.Plan;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Cuda.Tests.Plan;

/// <summary>
/// Does in host memory what a plan with fusions does on a card: the same steps in the same order over the same shared buffers,
/// each by its definition. Where kernels may write before they have read all, it writes first.
/// </summary>
internal sealed class HostPlan(bool heads, bool products) : IBackend
{
    public string Name => "plan";

    public IKvMemory AllocateKv(KvLayout layout, int blocks) => new HostKvMemory(layout, blocks);

    public IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        new Executor(graph, new Fusions(graph, heads, _ => products, _ => products), graph.Weights.ToDictionary(weight => weight, weight => weights.Get(weight).Decode()), maxRows);

    public void Dispose()
    {
    }

    private sealed class Executor : IGraphExecutor
    {
        private readonly ComputationGraph _graph;
        private readonly Fusions _fusions;
        private readonly Dictionary<Weight, float[]> _weights;
        private readonly MemoryPlan _memory;
        private readonly float[][] _buffers;
        private ForwardBatch _batch = new();
        private HostKvMemory? _kv;

        public Executor(ComputationGraph graph, Fusions fusions, Dictionary<Weight, float[]> weights, int maxRows)
        {
            (_graph, _fusions, _weights) = (graph, fusions, weights);
            _memory = MemoryPlan.For(graph);
            _buffers = [.. _memory.Widths.Select(width => new float[maxRows * width])];
            foreach (float[] buffer in _buffers) Array.Fill(buffer, float.NaN);
        }

        public long WeightBytes => 0;

        public long BytesPerToken => 0;

        public long ActivationBytes => 0;

        public void Run(ForwardBatch batch, IKvMemory kv, Span<float> logits)
        {
            (_batch, _kv) = (batch, (HostKvMemory)kv);
            for (int i = 0; i < _graph.Nodes.Count; i++)
            {
                if (!_fusions.IsAbsorbed(i) && RowsOf(i) > 0) Step(i, _graph.Nodes[i]);
            }

            Get(_graph.Output).CopyTo(logits);
        }

        public void Dispose()
        {
        }

        private void Step(int index, Node node)
        {
            switch (node)
            {
                case Slice slice when IsView(slice, index): break;
                case Attention attention when _fusions.TransformOf(index) is { } transform: Attend(attention, transform, index); break;
                case Gated when _fusions.MatMulOf(index) is { } matMul: Gate(matMul, index); break;
                case MatMul matMul: Put(index, Multiply(matMul)); break;
                default: Put(index, Evaluate(node, [.. node.Inputs.Select(Get)])); break;
            }
        }

        private bool IsView(Slice slice, int index)
        {
            (Placement x, Placement y) = (_memory[slice.X], _memory[new Value(index)]);
            return slice.Groups == 1 && x.Buffer == y.Buffer && x.RowWidth == y.RowWidth && x.Column + slice.Offset == y.Column;
        }

        private float[] Multiply(MatMul matMul)
        {
            float[] x = _fusions.NormOf(matMul.X) is { } norm ? Evaluate(norm, [Get(norm.X)]) : Get(matMul.X);
            return Evaluate(matMul, matMul.Addend is { } addend ? [x, Get(addend)] : [x]);
        }

        private void Gate(MatMul matMul, int index)
        {
            Node gated = _graph.Nodes[index];
            float[] both = Multiply(matMul);
            Put(index, Evaluate(gated, [.. gated.Inputs.Select(input => Evaluate(_graph[input], [both]))]));
        }

        private void Attend(Attention attention, HeadTransform transform, int index)
        {
            float[] Turn(int rope, RmsNorm? norm, float[] raw) => Evaluate(_graph.Nodes[rope], [norm is null ? raw : Evaluate(norm, [raw])]);
            Put(transform.Query, Turn(transform.Query, transform.QueryNorm, Get(transform.RawQuery)));
            float[] key = Turn(transform.Key, transform.KeyNorm, Get(transform.RawKey));
            Put(index, Evaluate(attention, [Get(attention.Q), key, Get(attention.V!.Value)]));
        }

        private float[] Evaluate(Node node, float[][] inputs)
        {
            int rows = node.Rows == RowSpace.Tokens ? _batch.RowCount : _batch.LogitRows.Length;
            float[] y = new float[rows * node.Width];
            new NodeEvaluation(rows, inputs, _weights, _batch, _kv!, y).Run(node);
            return y;
        }

        private int RowsOf(int node) => _graph.Nodes[node].Rows == RowSpace.Tokens ? _batch.RowCount : _batch.LogitRows.Length;

        private float[] Get(Value value)
        {
            (Placement place, int width) = (_memory[value], _graph[value].Width);
            float[] all = new float[RowsOf(value.Index) * width];
            for (int row = 0; row < RowsOf(value.Index); row++) _buffers[place.Buffer].AsSpan(row * place.RowWidth + place.Column, width).CopyTo(all.AsSpan(row * width));
            return all;
        }

        private void Put(int node, float[] values)
        {
            (Placement place, int width) = (_memory[new Value(node)], _graph.Nodes[node].Width);
            for (int row = 0; row < values.Length / width; row++) values.AsSpan(row * width, width).CopyTo(_buffers[place.Buffer].AsSpan(row * place.RowWidth + place.Column));
        }
    }
}
