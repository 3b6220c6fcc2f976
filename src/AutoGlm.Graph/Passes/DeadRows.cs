using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// After the last attention only the rows that want logits go on: row selection moves up through every node that treats
/// rows alike, until it meets one that does not. In a prompt of 512 tokens this spares 511 rows of the last feed-forward.
/// </summary>
public static class DeadRows
{
    public static ComputationGraph Eliminate(ComputationGraph graph)
    {
        if (graph.Nodes.OfType<SelectRows>().Count() != 1) return graph;
        int select = graph.Nodes.ToList().FindIndex(node => node is SelectRows);
        bool[] narrowed = MarkNarrowed(graph, select);
        return Rebuild(graph, narrowed);
    }

    /// <summary>A node is computed on the wanted rows alone when it acts row by row and all who read it do so too, or select.</summary>
    private static bool[] MarkNarrowed(ComputationGraph graph, int select)
    {
        bool[] narrowed = new bool[graph.Nodes.Count];
        List<int>[] readers = GraphRewriter.FindReaders(graph);
        for (int i = select - 1; i >= 0; i--)
        {
            bool rowwise = graph.Nodes[i] is not (Attention or Embed or Input or SelectRows);
            narrowed[i] = rowwise && readers[i].Count > 0 && readers[i].TrueForAll(reader => reader == select || narrowed[reader]);
        }

        return narrowed;
    }

    private static ComputationGraph Rebuild(ComputationGraph graph, bool[] narrowed)
    {
        List<Node> nodes = [];
        Value[] moved = new Value[graph.Nodes.Count];
        Value?[] selected = new Value?[graph.Nodes.Count];
        Value Append(Node node)
        {
            nodes.Add(node);
            return new Value(nodes.Count - 1);
        }

        Value Narrow(Value old)
        {
            if (narrowed[old.Index]) return moved[old.Index];
            if (selected[old.Index] is { } value) return value;
            value = Append(new SelectRows(moved[old.Index]) { Width = graph[old].Width, Rows = RowSpace.Logits });
            selected[old.Index] = value;
            return value;
        }

        for (int i = 0; i < narrowed.Length; i++)
        {
            moved[i] = graph.Nodes[i] switch
            {
                SelectRows node => Narrow(node.X),
                Node node when narrowed[i] => Append(node.Rewire(Narrow) with { Rows = RowSpace.Logits }),
                Node node => Append(node.Rewire(value => moved[value.Index])),
            };
        }

        return new ComputationGraph(graph.Name, nodes, moved[graph.Output.Index]);
    }
}
