using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>Keeps only the nodes that the output or a KV write depends on.</summary>
public static class DeadNodes
{
    public static ComputationGraph Eliminate(ComputationGraph graph)
    {
        bool[] live = MarkLive(graph);
        Value[] moved = new Value[graph.Nodes.Count];
        List<Node> kept = [];
        for (int i = 0; i < live.Length; i++)
        {
            if (!live[i]) continue;
            moved[i] = new Value(kept.Count);
            kept.Add(graph.Nodes[i].Rewire(value => moved[value.Index]));
        }

        return new ComputationGraph(graph.Name, kept, moved[graph.Output.Index]);
    }

    private static bool[] MarkLive(ComputationGraph graph)
    {
        bool[] live = new bool[graph.Nodes.Count];
        for (int i = live.Length - 1; i >= 0; i--)
        {
            live[i] |= i == graph.Output.Index || graph.Nodes[i].HasEffect;
            if (!live[i]) continue;
            foreach (Value input in graph.Nodes[i].Inputs) live[input.Index] = true;
        }

        return live;
    }
}
