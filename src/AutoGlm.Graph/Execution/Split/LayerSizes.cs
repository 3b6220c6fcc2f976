using AutoGlm.Graph.Passes;

namespace AutoGlm.Graph.Execution.Split;

/// <summary>How many layers a device has memory for.</summary>
internal static class LayerSizes
{
    /// <summary>The most layers, from the first, that fit; all of them where the head fits too.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="weights">Its parameters: they are taken to need what they do in the file.</param>
    /// <param name="maxRows">The most rows a batch will have.</param>
    /// <param name="bytes">What the device has.</param>
    /// <param name="options">What else must fit.</param>
    public static int Fitting(ComputationGraph graph, IWeightSource weights, int maxRows, long bytes, SplitOptions options)
    {
        int layers = graph.Attentions.Count();
        if (Needed(graph, weights, maxRows, options) <= bytes) return layers;
        for (int count = layers - 1; count > 0; count--)
        {
            if (Needed(LayerCut.After(graph, count).Front, weights, maxRows, options) <= bytes) return count;
        }

        return 0;
    }

    /// <summary>Bytes that a graph needs.</summary>
    public static long Needed(ComputationGraph graph, IWeightSource weights, int maxRows, SplitOptions options)
    {
        long parameters = graph.Weights.Sum(weight => weights.Get(weight).ByteLength);
        long kv = KvLayout.For(graph, options.KvType, 1).BlockBytes * options.KvTokens;
        return checked(parameters + kv + MemoryPlan.For(graph).BytesPerRow * maxRows + options.Reserve);
    }
}
