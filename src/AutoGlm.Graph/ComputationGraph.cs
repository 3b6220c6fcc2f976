using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph;

/// <summary>A model's forward pass: nodes in an order in which each reads only values made before it.</summary>
public sealed class ComputationGraph
{
    /// <exception cref="ArgumentException">A node reads a value that is not made before it, or an output does not exist.</exception>
    public ComputationGraph(string name, IReadOnlyList<Node> nodes, Value output)
    {
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (Value input in nodes[i].Inputs)
            {
                if ((uint)input.Index >= (uint)i) throw new ArgumentException($"Node {i} ({nodes[i].Operation}) reads a value that is not made before it.", nameof(nodes));
            }
        }

        if ((uint)output.Index >= (uint)nodes.Count) throw new ArgumentException($"Output {output} does not exist.", nameof(output));
        Name = name;
        Nodes = nodes;
        Output = output;
    }

    public string Name { get; }

    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>The logits [logit rows, vocabulary].</summary>
    public Value Output { get; }

    public Node this[Value value] => Nodes[value.Index];

    /// <summary>The attentions in layer order.</summary>
    public IEnumerable<Attention> Attentions => Nodes.OfType<Attention>().OrderBy(attention => attention.Shape.Layer);

    /// <summary>The parameters the graph reads, each once.</summary>
    public IEnumerable<Weight> Weights => Nodes.SelectMany(node => node.Weights).Distinct();

    /// <summary>The graph up to its head: its output is the last hidden states, normed, of the wanted rows [logit rows, hidden].</summary>
    /// <exception cref="InvalidOperationException">The graph does not select the wanted rows before its head once.</exception>
    public ComputationGraph WithoutHead()
    {
        int[] selects = [.. Enumerable.Range(0, Nodes.Count).Where(i => Nodes[i] is SelectRows)];
        if (selects is not [int select]) throw new InvalidOperationException($"{Name} selects rows {selects.Length} times; its head cannot be told from the rest.");
        return new ComputationGraph(Name, [.. Nodes.Take(select + 1)], new Value(select));
    }

    /// <summary>How many nodes there are of each operation, by name.</summary>
    public IReadOnlyDictionary<string, int> CountOperations() =>
        new SortedDictionary<string, int>(Nodes.CountBy(node => node.Operation).ToDictionary(), StringComparer.Ordinal);
}
