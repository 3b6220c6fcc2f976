using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// A graph in two parts that run one after the other: layers up to one, and the rest with the head. One value goes from the first
/// to the second: the first has it as its output, for all rows that want logits, and the second as its <see cref="Input"/>.
/// </summary>
/// <param name="Front">Embedding and the first layers. To get all rows it is run on a batch that wants logits of all.</param>
/// <param name="Back">The other layers, counted from 0 again, and the head.</param>
public sealed record LayerCut(ComputationGraph Front, ComputationGraph Back)
{
    /// <summary>Columns of the rows that go from one part to the other.</summary>
    public int Width => Front[Front.Output].Width;

    /// <summary>Cuts a graph after its first layers: at the last place before the next attention that one value alone crosses.</summary>
    /// <param name="graph">The graph, after its passes.</param>
    /// <param name="layers">Layers of the first part, at least 1 and fewer than all.</param>
    /// <exception cref="NotSupportedException">More than one value crosses everywhere between the two layers.</exception>
    public static LayerCut After(ComputationGraph graph, int layers)
    {
        int[] attentions = [.. Enumerable.Range(0, graph.Nodes.Count).Where(i => graph.Nodes[i] is Attention)];
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layers, attentions.Length);
        bool ordered = attentions.Index().All(item => ((Attention)graph.Nodes[item.Item]).Shape.Layer == item.Index);
        int[] lastRead = LastReads(graph);
        for (int first = attentions[layers]; ordered && first > attentions[layers - 1]; first--)
        {
            int[] crossing = [.. Enumerable.Range(0, first).Where(i => lastRead[i] >= first).Take(2)];
            if (crossing is [int value] && graph.Nodes[value].Rows == RowSpace.Tokens) return At(graph, first, value, layers);
        }

        throw new NotSupportedException($"{graph.Name} cannot be cut after layer {layers}: more than one value goes from it to the layers behind.");
    }

    private static LayerCut At(ComputationGraph graph, int first, int crossing, int layers)
    {
        Node crosses = graph.Nodes[crossing];
        Node[] front = [.. graph.Nodes.Take(first), new SelectRows(new Value(crossing)) { Width = crosses.Width, Rows = RowSpace.Logits }];
        Value Moved(Value old) => old.Index == crossing ? new Value(0) : new Value(old.Index - first + 1);
        Node Renumbered(Node node) => node is Attention attention ? attention with { Shape = attention.Shape with { Layer = attention.Shape.Layer - layers } } : node;
        Node[] back = [new Input { Width = crosses.Width }, .. graph.Nodes.Skip(first).Select(node => Renumbered(node.Rewire(Moved)))];
        return new LayerCut(new ComputationGraph(graph.Name, front, new Value(first)), new ComputationGraph(graph.Name, back, Moved(graph.Output)));
    }

    private static int[] LastReads(ComputationGraph graph)
    {
        int[] last = new int[graph.Nodes.Count];
        for (int i = 0; i < last.Length; i++)
        {
            foreach (Value input in graph.Nodes[i].Inputs) last[input.Index] = i;
        }

        return last;
    }
}
