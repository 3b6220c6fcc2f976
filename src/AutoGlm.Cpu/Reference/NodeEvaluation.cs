using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Reference;

/// <summary>One node done by its definition.</summary>
/// <param name="rows">Its rows, at least one.</param>
/// <param name="inputs">What it reads, in order.</param>
/// <param name="weights">The parameters it reads.</param>
/// <param name="batch">The batch.</param>
/// <param name="kv">Where attention keeps keys and values.</param>
/// <param name="y">[rows, width]: where its value goes.</param>
internal sealed class NodeEvaluation(int rows, IReadOnlyList<float[]> inputs, IReadOnlyDictionary<Weight, float[]> weights, ForwardBatch batch, HostKvMemory kv, float[] y)
{
    /// <exception cref="NotSupportedException">The node is unknown here.</exception>
    public void Run(Node node)
    {
        switch (node)
        {
            case Embed embed: Gather(weights[embed.Table], batch.Tokens, node.Width); break;
            case Input: batch.Inputs.Span[..y.Length].CopyTo(y); break;
            case SelectRows: Gather(inputs[0], batch.LogitRows, node.Width); break;
            case MatMul matMul: MatMul(matMul); break;
            case HeadMatMul matMul: ReferenceMath.HeadMatMul(inputs[0], weights[matMul.W], y, rows, matMul.W.Shape); break;
            case RmsNorm norm: ReferenceMath.RmsNorm(inputs[0], weights[norm.Gain], norm.Epsilon, norm.GroupSize, y); break;
            case Add: Zip(inputs[1], (a, b) => a + b); break;
            case ResidualAdd sum: Zip(Normed(inputs[1], sum.Norm), (a, b) => a + b); break;
            case Multiply: Zip(inputs[1], (a, b) => a * b); break;
            case Gated gated: Zip(inputs[1], (a, b) => (float)(ReferenceMath.Activate(a, gated.Kind) * b)); break;
            case ClampedSwiGlu gate: Zip(inputs[1], (a, b) => (float)ReferenceMath.ClampedSwiGlu(a, b, gate.Alpha, gate.Limit)); break;
            case Scale scale: Map(a => a * scale.Factor); break;
            case SoftCap cap: Map(a => cap.Cap * MathF.Tanh(a / cap.Cap)); break;
            case Activate activate: Map(a => (float)ReferenceMath.Activate(a, activate.Kind)); break;
            case Slice slice: CopyGroups(slice.Groups, inputs[0], slice.Offset, 0, node.Width / slice.Groups, node.Width); break;
            case Concat concat: Concat(concat); break;
            case Rope rope: ReferenceMath.Rope(inputs[0], batch.Positions, rope.HeadSize, rope.Table, y, node.Width); break;
            case Attention attention: Attention(attention); break;
            case Route route: ReferenceRouter.Run(route.Shape, inputs[0], Vector(route.Shape.SelectionBias), y, rows); break;
            case ExpertMatMul experts: ReferenceRouter.MatMul(inputs[0], inputs[1], weights[experts.W], Vector(experts.Bias), experts, y, rows); break;
            case ExpertSum sum: ReferenceRouter.Sum(inputs[0], inputs[1], sum.Used, y, rows, node.Width); break;
            default: throw new NotSupportedException($"The reference backend does not know {node.Operation}.");
        }
    }

    /// <summary>A parameter that a node may do without.</summary>
    private float[]? Vector(Weight? weight) => weight is null ? null : weights[weight];

    private void Map(Func<float, float> function)
    {
        for (int i = 0; i < y.Length; i++) y[i] = function(inputs[0][i]);
    }

    private void Zip(float[] b, Func<float, float, float> function)
    {
        for (int i = 0; i < y.Length; i++) y[i] = function(inputs[0][i], b[i]);
    }

    private void Gather(float[] table, ReadOnlySpan<int> indices, int width)
    {
        for (int row = 0; row < rows; row++) table.AsSpan(indices[row] * width, width).CopyTo(y.AsSpan(row * width));
    }

    private void MatMul(MatMul node)
    {
        ReferenceMath.MatMul(Normed(inputs[0], node.Norm), weights[node.W], Vector(node.Bias), y, rows, (int)node.W.Shape[1], node.Width);
        for (int i = 0; node.Addend is not null && i < y.Length; i++) y[i] += inputs[1][i];
    }

    private void Concat(Concat node)
    {
        int left = inputs[0].Length / rows / node.Groups;
        CopyGroups(node.Groups, inputs[0], 0, 0, left, node.Width);
        CopyGroups(node.Groups, inputs[1], 0, left, node.Width / node.Groups - left, node.Width);
    }

    /// <summary>Columns of each group of x to columns of each group of y.</summary>
    private void CopyGroups(int groups, float[] x, int from, int to, int count, int width) =>
        ReferenceMath.CopyGroups(x, from, x.Length / rows / groups, y, to, width / groups, count, rows * groups);

    private void Attention(Attention node)
    {
        float[] q = Rotated(inputs[0], node), k = Rotated(inputs[1], node);
        ReferenceAttention.Run(node.Shape, q, k, node.V is null ? default : inputs[2], Vector(node.Shape.Sinks), batch, kv, y);
    }

    private float[] Normed(float[] x, FusedNorm? norm)
    {
        if (norm is null) return x;
        float[] normed = new float[x.Length];
        ReferenceMath.RmsNorm(x, weights[norm.Gain], norm.Epsilon, weights[norm.Gain].Length, normed);
        return normed;
    }

    private float[] Rotated(float[] x, Attention attention)
    {
        if (attention.Rotation is not { } table) return x;
        float[] rotated = new float[x.Length];
        ReferenceMath.Rope(x, batch.Positions, attention.Shape.KeySize, table, rotated, x.Length / batch.RowCount);
        return rotated;
    }
}
