using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Drawing;

/// <summary>Nodes from <paramref name="First"/> on, <paramref name="Length"/> of them, that come <paramref name="Times"/> times one after the other.</summary>
public readonly record struct Repeat(int First, int Length, int Times)
{
    /// <summary>The first node after all of them.</summary>
    public int End => First + Length * Times;
}

/// <summary>
/// Finds layers that are alike, so that they can be drawn once. Layers are alike where their nodes are, one by one: operation,
/// shape, weights but for the layer's number, and which nodes before them they read.
/// </summary>
public static class LayerRepeats
{
    /// <summary>Layers that a pattern of layers may have: Gemma 3 has five with a window, then one without.</summary>
    private const int LongestPattern = 8;

    /// <summary>The repeats, in order, none of which overlap.</summary>
    public static IReadOnlyList<Repeat> Find(ComputationGraph graph)
    {
        string[] kinds = [.. graph.Nodes.Select(Kind)];
        int[] attentions = [.. Enumerable.Range(0, kinds.Length).Where(i => graph.Nodes[i] is Attention)];
        int[] lengths = [.. Enumerable.Range(1, LongestPattern)
            .SelectMany(layers => attentions.Skip(layers).Zip(attentions, (later, earlier) => later - earlier))
            .Distinct().Order()];
        List<Repeat> repeats = [];
        for (int start = 0; start < kinds.Length;)
        {
            Repeat best = default;
            foreach (int length in lengths)
            {
                if (Longest(graph, kinds, start, length) is { Times: > 1 } repeat && repeat.Length * (repeat.Times - 1) > best.Length * (best.Times - 1)) best = repeat;
            }

            if (best.Times < 2) break;
            repeats.Add(best);
            start = best.End;
        }

        return repeats;
    }

    /// <summary>The longest repeat of nodes so many that begins at or after a node.</summary>
    private static Repeat Longest(ComputationGraph graph, string[] kinds, int start, int length)
    {
        Repeat best = default;
        for (int i = start, run = 0; i + length <= kinds.Length; i++)
        {
            bool alike = i + length < kinds.Length && Alike(graph, kinds, i, i + length);
            if (alike) run++;
            if (alike && i + length + 1 < kinds.Length) continue;
            int times = run / length + 1, first = i - run + (alike ? 1 : 0);
            if (times > 1 && times > best.Times) best = new Repeat(first, length, times);
            run = 0;
        }

        return best;
    }

    private static bool Alike(ComputationGraph graph, string[] kinds, int a, int b) =>
        kinds[a] == kinds[b] && graph.Nodes[a].Inputs.Select(input => a - input.Index).SequenceEqual(graph.Nodes[b].Inputs.Select(input => b - input.Index));

    private static string Kind(Node node)
    {
        string weights = string.Join(' ', node.Weights.Select(weight => $"{GraphFormatter.WithoutLayer(weight.Name)}{weight.Type}[{string.Join(',', weight.Shape)}]"));
        string detail = node is Attention attention
            ? (attention.Shape with { Layer = 0, Sinks = null }).ToString() + (attention.Rotation is { } table ? $"{table.Dimensions} {table.Layout} {table.InverseFrequencies[0]} {table.InverseFrequencies[^1]}" : "")
            : GraphFormatter.Detail(node);
        return $"{node.Operation} {detail} {node.Rows} {node.Width} {weights}";
    }
}
