using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>Computes equal expressions once. The nodes that are made unneeded are left for <see cref="DeadNodes"/>.</summary>
public static class CommonSubexpressions
{
    public static ComputationGraph Merge(ComputationGraph graph)
    {
        Dictionary<Node, Value> seen = [];
        Value[] canonical = new Value[graph.Nodes.Count];
        List<Node> nodes = [];
        for (int i = 0; i < canonical.Length; i++)
        {
            Node node = graph.Nodes[i].Rewire(value => canonical[value.Index]);
            nodes.Add(node);
            canonical[i] = node.HasEffect || seen.TryAdd(node, new Value(i)) ? new Value(i) : seen[node];
        }

        return new ComputationGraph(graph.Name, nodes, canonical[graph.Output.Index]);
    }
}
