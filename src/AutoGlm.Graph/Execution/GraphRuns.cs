using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Execution;

/// <summary>What executors of all backends have in common.</summary>
public static class GraphRuns
{
    /// <summary>Checks that a batch is one that a graph can run.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="maxRows">The most rows it may have.</param>
    /// <exception cref="ArgumentException">It has too many rows, or lacks what the graph's <see cref="Input"/> is.</exception>
    public static void CheckRun(this ComputationGraph graph, ForwardBatch batch, int maxRows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.RowCount, maxRows);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (graph.Nodes[i] is not Input node) continue;
            if (batch.Inputs.Length < (long)batch.RowCount * node.Width) throw new ArgumentException($"The graph reads {batch.RowCount} rows of {node.Width} floats that the batch does not have.", nameof(batch));
        }
    }

    /// <summary>Checks that a batch is one that a graph can run, and that there is room for its logits.</summary>
    /// <inheritdoc cref="CheckRun(ComputationGraph, ForwardBatch, int)"/>
    /// <param name="logits">[logit rows, width of the output]</param>
    public static void CheckRun(this ComputationGraph graph, ForwardBatch batch, int maxRows, ReadOnlySpan<float> logits)
    {
        graph.CheckRun(batch, maxRows);
        long needed = (long)batch.LogitRows.Length * graph[graph.Output].Width;
        if (logits.Length < needed) throw new ArgumentException($"{batch.LogitRows.Length} rows of logits need {needed} floats.", nameof(logits));
    }

    /// <summary>Bytes of parameters that generating one token of one sequence reads.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="bytesOf">Bytes of a matrix, or of several that are experts', as a backend keeps them.</param>
    public static long BytesPerToken(this ComputationGraph graph, Func<Weight, long> bytesOf) => graph.Nodes.Sum(node => node switch
    {
        MatMul matMul => bytesOf(matMul.W),
        HeadMatMul matMul => bytesOf(matMul.W),
        ExpertMatMul matMul => bytesOf(matMul.W) * matMul.Used / matMul.W.Shape[0],
        _ => 0,
    });

    /// <summary>Parameters that each row of a batch is multiplied by, without those that only rows of logits meet.</summary>
    /// <param name="graph">The graph.</param>
    public static long MultipliedPerRow(this ComputationGraph graph) => graph.Nodes.Where(node => node.Rows != RowSpace.Logits).Sum(node => node switch
    {
        MatMul matMul => Count(matMul.W),
        HeadMatMul matMul => Count(matMul.W),
        ExpertMatMul matMul => Count(matMul.W) * matMul.Used / matMul.W.Shape[0],
        _ => 0,
    });

    private static long Count(Weight weight) => weight.Shape.Aggregate(1L, (count, length) => checked(count * length));
}
