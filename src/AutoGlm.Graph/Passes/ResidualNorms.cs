using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// A sum joins the norm of one of its terms (Gemma, GLM-4, OLMo 2) and the norm in the matmuls that read it: a row is summed,
/// normed and quantised in one go. <see cref="ResidualMatMuls"/> has the sums whose term is a matmul; this has the others.
/// Runs after <see cref="NormedMatMuls"/>, for backends that know <see cref="ResidualAdd"/>.
/// </summary>
public static class ResidualNorms
{
    public static ComputationGraph Fuse(ComputationGraph graph)
    {
        int[] reads = GraphRewriter.CountReads(graph);
        HashSet<int> normed = [.. graph.Nodes.OfType<MatMul>().Where(node => node.Norm is not null).Select(node => node.X.Index)];
        Dictionary<int, Node> fused = [];
        HashSet<int> gone = [];
        for (int i = 0; i < reads.Length; i++)
        {
            if (graph.Nodes[i] is not Add sum) continue;
            if (NormedTerm(graph, sum, reads) is { } term)
            {
                RmsNorm norm = (RmsNorm)graph[term];
                fused[i] = new ResidualAdd(term == sum.A ? sum.B : sum.A, norm.X, norm.AsFused) { Width = sum.Width, Rows = sum.Rows };
                gone.Add(term.Index);
            }
            else if (normed.Contains(i))
            {
                fused[i] = new ResidualAdd(sum.A, sum.B, null) { Width = sum.Width, Rows = sum.Rows };
            }
        }

        GraphRewriter rewriter = new(graph);
        for (int i = 0; i < reads.Length; i++)
        {
            if (!gone.Contains(i)) rewriter.Keep(i, fused.GetValueOrDefault(i));
        }

        return rewriter.Finish();
    }

    /// <summary>The term that is a norm of whole rows and read by the sum alone.</summary>
    private static Value? NormedTerm(ComputationGraph graph, Add sum, int[] reads)
    {
        foreach (Value term in sum.Inputs)
        {
            if (graph[term] is RmsNorm { AsFused: not null } && reads[term.Index] == 1) return term;
        }

        return null;
    }
}
