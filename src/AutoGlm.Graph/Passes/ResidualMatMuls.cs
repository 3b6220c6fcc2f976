using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// A sum with a matmul's result becomes the matmul's addend: it adds to the residual stream in place, and no pass over
/// memory is left between it and the norm that follows.
/// </summary>
public static class ResidualMatMuls
{
    public static ComputationGraph Fuse(ComputationGraph graph)
    {
        int[] reads = GraphRewriter.CountReads(graph);
        Dictionary<int, Node> fused = [];
        HashSet<int> gone = [];
        for (int i = 0; i < reads.Length; i++)
        {
            if (graph.Nodes[i] is not Add sum || Product(graph, sum, reads) is not { } product) continue;
            fused[i] = (MatMul)graph[product] with { Addend = product == sum.A ? sum.B : sum.A };
            gone.Add(product.Index);
        }

        GraphRewriter rewriter = new(graph);
        for (int i = 0; i < reads.Length; i++)
        {
            if (!gone.Contains(i)) rewriter.Keep(i, fused.GetValueOrDefault(i));
        }

        return rewriter.Finish();
    }

    /// <summary>The last made of the terms that are matmuls without an addend and read by the sum alone.</summary>
    private static Value? Product(ComputationGraph graph, Add sum, int[] reads)
    {
        (Value first, Value last) = sum.A.Index < sum.B.Index ? (sum.A, sum.B) : (sum.B, sum.A);
        return Fits(last) ? last : Fits(first) ? first : null;

        bool Fits(Value term) => graph[term] is MatMul { Addend: null } && reads[term.Index] == 1;
    }
}
