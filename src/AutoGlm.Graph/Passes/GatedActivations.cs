using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>An activation times another value becomes one node: SwiGLU and GeGLU read gate and up once and write once.</summary>
public static class GatedActivations
{
    public static ComputationGraph Fuse(ComputationGraph graph)
    {
        int[] reads = GraphRewriter.CountReads(graph);
        Node?[] fused = new Node?[reads.Length];
        HashSet<int> gone = [];
        for (int i = 0; i < fused.Length; i++)
        {
            if (graph.Nodes[i] is not Multiply product || Activation(graph, product, reads) is not { } activation) continue;
            fused[i] = Fuse(graph, product, activation);
            gone.Add(activation.Index);
        }

        GraphRewriter rewriter = new(graph);
        for (int i = 0; i < fused.Length; i++)
        {
            if (!gone.Contains(i)) rewriter.Keep(i, fused[i]);
        }

        return rewriter.Finish();
    }

    private static Gated Fuse(ComputationGraph graph, Multiply product, Value value)
    {
        Activate activate = (Activate)graph[value];
        return new Gated(activate.X, value == product.A ? product.B : product.A, activate.Kind) { Width = product.Width, Rows = product.Rows };
    }

    /// <summary>The factor that is an activation nobody else reads.</summary>
    private static Value? Activation(ComputationGraph graph, Multiply product, int[] reads)
    {
        foreach (Value factor in product.Inputs)
        {
            if (graph[factor] is Activate && reads[factor.Index] == 1) return factor;
        }

        return null;
    }
}
