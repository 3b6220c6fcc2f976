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
            if (rows > 0) Evaluate(node, rows, [.. node.Inputs.Select(input => _values[input.Index])], weights, batch, (HostKvMemory)kv, _values[i]);
        }

        _values[graph.Output.Index].CopyTo(logits);
    }

    public IGraphExecutor Share(ComputationGraph other) => new ReferenceExecutor(other, weights, maxRows);

    public void Dispose()
    {
    }

    private static float[] Normed(float[] x, FusedNorm? norm, IReadOnlyDictionary<Weight, float[]> weights)
    {
        if (norm is null) return x;
        float[] y = new float[x.Length];
        ReferenceMath.RmsNorm(x, weights[norm.Gain], norm.Epsilon, weights[norm.Gain].Length, y);
        return y;
    }

    private static float[] Rotated(float[] x, Attention attention, ForwardBatch batch)
    {
        if (attention.Rotation is not { } table) return x;
        float[] y = new float[x.Length];
        ReferenceMath.Rope(x, batch.Positions, attention.Shape.KeySize, table, y, x.Length / batch.RowCount);
        return y;
    }

    /// <summary>Does one node by its definition.</summary>
    /// <param name="node">The node.</param>
    /// <param name="rows">Its rows, at least one.</param>
    /// <param name="inputs">What it reads, in order.</param>
    /// <param name="weights">The parameters it reads.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="kv">Where attention keeps keys and values.</param>
    /// <param name="y">[rows, width]: where its value goes.</param>
    internal static void Evaluate(Node node, int rows, IReadOnlyList<float[]> inputs, IReadOnlyDictionary<Weight, float[]> weights, ForwardBatch batch, HostKvMemory kv, float[] y)
    {
        float[] X(int input) => inputs[input];
        int width = node.Width;
        switch (node)
        {
            case Embed embed:
                for (int row = 0; row < rows; row++) weights[embed.Table].AsSpan(batch.Tokens[row] * width, width).CopyTo(y.AsSpan(row * width));
                break;
            case Input:
                batch.Inputs.Span[..y.Length].CopyTo(y);
                break;
            case SelectRows:
                for (int row = 0; row < rows; row++) X(0).AsSpan(batch.LogitRows[row] * width, width).CopyTo(y.AsSpan(row * width));
                break;
            case MatMul matMul:
                ReferenceMath.MatMul(Normed(X(0), matMul.Norm, weights), weights[matMul.W], matMul.Bias is { } bias ? weights[bias] : default, y, rows, (int)matMul.W.Shape[1], width);
                for (int i = 0; matMul.Addend is not null && i < y.Length; i++) y[i] += X(1)[i];
                break;
            case HeadMatMul headMatMul:
                ReferenceMath.HeadMatMul(X(0), weights[headMatMul.W], y, rows, headMatMul.W.Shape);
                break;
            case RmsNorm norm:
                ReferenceMath.RmsNorm(X(0), weights[norm.Gain], norm.Epsilon, norm.GroupSize, y);
                break;
            case Add:
                for (int i = 0; i < y.Length; i++) y[i] = X(0)[i] + X(1)[i];
                break;
            case ResidualAdd sum:
                float[] term = Normed(X(1), sum.Norm, weights);
                for (int i = 0; i < y.Length; i++) y[i] = X(0)[i] + term[i];
                break;
            case Multiply:
                for (int i = 0; i < y.Length; i++) y[i] = X(0)[i] * X(1)[i];
                break;
            case Scale scale:
                for (int i = 0; i < y.Length; i++) y[i] = X(0)[i] * scale.Factor;
                break;
            case SoftCap cap:
                for (int i = 0; i < y.Length; i++) y[i] = cap.Cap * MathF.Tanh(X(0)[i] / cap.Cap);
                break;
            case Activate activate:
                for (int i = 0; i < y.Length; i++) y[i] = (float)ReferenceMath.Activate(X(0)[i], activate.Kind);
                break;
            case Gated gated:
                for (int i = 0; i < y.Length; i++) y[i] = (float)(ReferenceMath.Activate(X(0)[i], gated.Kind) * X(1)[i]);
                break;
            case ClampedSwiGlu gate:
                for (int i = 0; i < y.Length; i++) y[i] = (float)ReferenceMath.ClampedSwiGlu(X(0)[i], X(1)[i], gate.Alpha, gate.Limit);
                break;
            case Slice slice:
                ReferenceMath.CopyGroups(X(0), slice.Offset, X(0).Length / rows / slice.Groups, y, 0, width / slice.Groups, width / slice.Groups, rows * slice.Groups);
                break;
            case Concat concat:
                int a = X(0).Length / rows / concat.Groups, b = X(1).Length / rows / concat.Groups;
                ReferenceMath.CopyGroups(X(0), 0, a, y, 0, a + b, a, rows * concat.Groups);
                ReferenceMath.CopyGroups(X(1), 0, b, y, a, a + b, b, rows * concat.Groups);
                break;
            case Rope rope:
                ReferenceMath.Rope(X(0), batch.Positions, rope.HeadSize, rope.Table, y, width);
                break;
            case Attention attention:
                Weight? sinks = attention.Shape.Sinks;
                float[] q = Rotated(X(0), attention, batch), k = Rotated(X(1), attention, batch);
                ReferenceAttention.Run(attention.Shape, q, k, attention.V is null ? default : X(2), sinks is null ? default : weights[sinks], batch, kv, y);
                break;
            case Route route:
                Weight? selection = route.Shape.SelectionBias;
                ReferenceRouter.Run(route.Shape, X(0), selection is null ? default : weights[selection], y, rows);
                break;
            case ExpertMatMul experts:
                ReferenceRouter.MatMul(X(0), X(1), weights[experts.W], experts.Bias is { } expertBias ? weights[expertBias] : default, experts, y, rows);
                break;
            case ExpertSum sum:
                ReferenceRouter.Sum(X(0), X(1), sum.Used, y, rows, width);
                break;
            default:
                throw new NotSupportedException($"The reference backend does not know {node.Operation}.");
        }
    }
}
