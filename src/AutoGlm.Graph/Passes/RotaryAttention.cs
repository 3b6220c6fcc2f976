using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// Rotations of queries and keys go into the attention that alone reads them: it turns a key as it stores it and a query as it
/// loads it, so that neither is written to memory turned. For backends that read <see cref="Attention.Rotation"/>.
/// </summary>
public static class RotaryAttention
{
    public static ComputationGraph Fuse(ComputationGraph graph)
    {
        int[] reads = GraphRewriter.CountReads(graph);
        Node?[] fused = new Node?[reads.Length];
        HashSet<int> gone = [];
        for (int i = 0; i < fused.Length; i++)
        {
            if (graph.Nodes[i] is not Attention attention) continue;
            fused[i] = Fuse(graph, attention, reads);
            if (fused[i] is not null) gone.UnionWith([attention.Q.Index, attention.K.Index]);
        }

        GraphRewriter rewriter = new(graph);
        for (int i = 0; i < fused.Length; i++)
        {
            if (!gone.Contains(i)) rewriter.Keep(i, fused[i]);
        }

        return rewriter.Finish();
    }

    private static Attention? Fuse(ComputationGraph graph, Attention attention, int[] reads)
    {
        if (attention.Rotation is not null || attention.Q == attention.K) return null;
        if (graph[attention.Q] is not Rope q || graph[attention.K] is not Rope k || !ReferenceEquals(q.Table, k.Table)) return null;
        bool alone = reads[attention.Q.Index] == 1 && reads[attention.K.Index] == 1;
        bool wholeHeads = q.HeadSize == attention.Shape.KeySize && k.HeadSize == attention.Shape.KeySize;
        return alone && wholeHeads ? attention with { Q = q.X, K = k.X, Rotation = q.Table } : null;
    }
}
