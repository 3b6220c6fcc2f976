using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// Matmuls that read one value by weights of one type become one matmul over the weights on top of each other (Q, K and V;
/// gate and up); who read them reads columns of its result. The sums are the same, number by number.
/// </summary>
public static class MergedProjections
{
    public static ComputationGraph Merge(ComputationGraph graph)
    {
        Dictionary<Weight, int> uses = graph.Nodes.SelectMany(node => node.Weights).CountBy(weight => weight).ToDictionary();
        bool Mergeable(MatMul node) => node is { Addend: null, Norm: null } && node.W.Type is not null && node.Weights.All(weight => uses[weight] == 1);
        Dictionary<int, List<int>> groups = [];
        foreach (var group in graph.Nodes.Index().Where(item => item.Item is MatMul node && Mergeable(node)).GroupBy(item => Key((MatMul)item.Item)))
        {
            List<int> members = [.. group.Select(item => item.Index)];
            foreach (int member in members) groups[member] = members;
        }

        GraphRewriter rewriter = new(graph);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (!groups.TryGetValue(i, out List<int>? members) || members.Count == 1) rewriter.Keep(i);
            else if (members[0] == i) Append(graph, members, rewriter);
        }

        return rewriter.Finish();
    }

    /// <summary>What merged matmuls have in common.</summary>
    private static object Key(MatMul node) => (node.X, node.Rows, node.W.Type, node.W.Shape[^1], Biased: node.Bias is not null, node.Bias?.Type);

    private static void Append(ComputationGraph graph, List<int> members, GraphRewriter rewriter)
    {
        List<MatMul> nodes = [.. members.Select(member => (MatMul)graph.Nodes[member])];
        Weight matrix = Weight.Join([.. nodes.Select(node => node.W)], 0);
        Weight? bias = nodes[0].Bias is null ? null : Weight.Join([.. nodes.Select(node => node.Bias!)], 0);
        Value merged = rewriter.Append(new MatMul(rewriter.Map(nodes[0].X), matrix, bias) { Width = nodes.Sum(node => node.Width), Rows = nodes[0].Rows });
        int column = 0;
        for (int i = 0; i < nodes.Count; column += nodes[i++].Width)
            rewriter.Replace(members[i], rewriter.Append(new Slice(merged, 1, column) { Width = nodes[i].Width, Rows = nodes[i].Rows }));
    }
}
