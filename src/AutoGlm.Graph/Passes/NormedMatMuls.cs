using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// A norm of whole rows that only matmuls read goes into them: a row is normed as it is quantised, and never written. For
/// backends that read <see cref="MatMul.Norm"/>.
/// </summary>
public static class NormedMatMuls
{
    /// <param name="graph">The graph.</param>
    /// <param name="quantizes">True for a weight whose matmuls quantise their input; others need it as floats.</param>
    public static ComputationGraph Fuse(ComputationGraph graph, Func<Weight, bool> quantizes)
    {
        List<int>[] readers = GraphRewriter.FindReaders(graph);
        bool Goes(int norm) =>
            graph.Nodes[norm] is RmsNorm { AsFused: not null } && norm != graph.Output.Index
            && readers[norm].TrueForAll(reader => graph.Nodes[reader] is MatMul { Norm: null } matMul && matMul.Addend?.Index != norm && quantizes(matMul.W));

        GraphRewriter rewriter = new(graph);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (Goes(i)) continue;
            if (graph.Nodes[i] is MatMul matMul && Goes(matMul.X.Index) && graph[matMul.X] is RmsNorm norm) rewriter.Keep(i, matMul with { X = norm.X, Norm = norm.AsFused });
            else rewriter.Keep(i);
        }

        return rewriter.Finish();
    }
}
