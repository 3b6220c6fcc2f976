using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>Builds a graph out of another one, node by node; a node that is neither kept nor replaced is left out.</summary>
internal sealed class GraphRewriter(ComputationGraph graph)
{
    private readonly List<Node> _nodes = [];
    private readonly Value?[] _moved = new Value?[graph.Nodes.Count];

    /// <summary>What an old value is now.</summary>
    public Value Map(Value old) => _moved[old.Index] ?? throw new InvalidOperationException($"{old} ({graph[old].Operation}) was left out, but is read.");

    public Value Append(Node node)
    {
        _nodes.Add(node);
        return new Value(_nodes.Count - 1);
    }

    public void Replace(int old, Value value) => _moved[old] = value;

    /// <summary>Appends an old node, or the one that stands for it, both in old values.</summary>
    public void Keep(int old, Node? instead = null) => Replace(old, Append((instead ?? graph.Nodes[old]).Rewire(Map)));

    public ComputationGraph Finish() => new(graph.Name, _nodes, Map(graph.Output));

    /// <summary>The nodes that read each value, in order; one that reads it twice is there twice.</summary>
    public static List<int>[] FindReaders(ComputationGraph graph)
    {
        List<int>[] readers = new List<int>[graph.Nodes.Count];
        for (int i = 0; i < readers.Length; i++)
        {
            readers[i] = [];
            foreach (Value input in graph.Nodes[i].Inputs) readers[input.Index].Add(i);
        }

        return readers;
    }

    /// <summary>How often each value is read; the output once more.</summary>
    public static int[] CountReads(ComputationGraph graph)
    {
        int[] reads = new int[graph.Nodes.Count];
        foreach (Node node in graph.Nodes)
        {
            foreach (Value input in node.Inputs) reads[input.Index]++;
        }

        reads[graph.Output.Index]++;
        return reads;
    }
}
