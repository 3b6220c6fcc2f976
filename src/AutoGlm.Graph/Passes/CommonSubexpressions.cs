using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>Computes equal expressions once. The nodes that are made unneeded are left for <see cref="DeadNodes"/>.</summary>
public static class CommonSubexpressions
{
    public static ComputationGraph Merge(ComputationGraph graph)
    {
        Dictionary<Node, Value> seen = new(Expressions.Instance);
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

    /// <summary>Nodes as records compare; their hash is of inputs and parameters alone, so that hardly any two are compared member by member.</summary>
    private sealed class Expressions : IEqualityComparer<Node>
    {
        public static readonly Expressions Instance = new();

        public bool Equals(Node? a, Node? b) => a is null ? b is null : a.Equals(b);

        public int GetHashCode(Node node)
        {
            int hash = HashCode.Combine(node.GetType().GetHashCode(), node.Width);
            foreach (Value input in node.Inputs) hash = HashCode.Combine(hash, input.Index);
            foreach (Weight weight in node.Weights) hash = HashCode.Combine(hash, weight.GetHashCode());
            return hash;
        }
    }
}
