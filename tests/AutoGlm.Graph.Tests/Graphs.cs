using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Tests;

/// <summary>Small graphs in a line.</summary>
internal static class Graphs
{
    public static readonly Weight Table = new("table", 10, 4), W = new("w", 4, 4), Gain = new("gain", 4), Head = new("head", 10, 4);

    public static ComputationGraph Of(params Node[] nodes) => new("test", nodes, new Value(nodes.Length - 1));

    public static Embed Embed() => new(Table) { Width = 4 };

    public static RmsNorm Norm(int x, RowSpace rows = RowSpace.Tokens) => new(new Value(x), Gain, 1e-5f, 4) { Width = 4, Rows = rows };

    public static MatMul MatMul(int x, Weight? w = null, RowSpace rows = RowSpace.Tokens) => new(new Value(x), w ?? W, null) { Width = (int)(w ?? W).Shape[0], Rows = rows };

    public static Add Add(int a, int b, RowSpace rows = RowSpace.Tokens) => new(new Value(a), new Value(b)) { Width = 4, Rows = rows };

    public static Scale Scale(int x, float factor) => new(new Value(x), factor) { Width = 4 };

    public static SelectRows Select(int x) => new(new Value(x)) { Width = 4, Rows = RowSpace.Logits };

    public static Attention Attention(int q, int k, int v, int layer = 0) => new(new Value(q), new Value(k), new Value(v), Shape(layer)) { Width = 4 };

    public static AttentionShape Shape(int layer) => new() { Layer = layer, Heads = 1, KvHeads = 1, KeySize = 4, ValueSize = 4, Scale = 0.5f };

    /// <summary>The nodes, a word each: operation(inputs), in logit rows with an asterisk.</summary>
    public static string Text(ComputationGraph graph) =>
        string.Join(' ', graph.Nodes.Select(node => $"{node.Operation}{(node.Rows == RowSpace.Logits ? "*" : "")}({string.Join(',', node.Inputs.Select(input => input.Index))})")) + $" -> {graph.Output.Index}";
}
