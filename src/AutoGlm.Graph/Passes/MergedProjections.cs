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
        List<int>?[] groups = Group(graph, Mergeable);
        GraphRewriter rewriter = new(graph);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (groups[i] is not { Count: > 1 } members) rewriter.Keep(i);
            else if (members[0] == i) Append(graph, members, rewriter);
        }

        return rewriter.Finish();
    }

    /// <summary>For each matmul that may be merged, those it may be merged with, itself among them.</summary>
    private static List<int>?[] Group(ComputationGraph graph, Func<MatMul, bool> mergeable)
    {
        List<int>?[] groups = new List<int>?[graph.Nodes.Count];
        List<List<int>>?[] groupsOfInput = new List<List<int>>?[graph.Nodes.Count];
        for (int i = 0; i < groups.Length; i++)
        {
            if (graph.Nodes[i] is not MatMul node || !mergeable(node)) continue;
            List<List<int>> candidates = groupsOfInput[node.X.Index] ??= [];
            groups[i] = candidates.Find(group => Alike((MatMul)graph.Nodes[group[0]], node));
            if (groups[i] is null) candidates.Add(groups[i] = []);
            groups[i]!.Add(i);
        }

        return groups;
    }

    /// <summary>True where matmuls of one value have in common what merged ones must.</summary>
    private static bool Alike(MatMul a, MatMul b) =>
        a.Rows == b.Rows && a.W.Type == b.W.Type && a.W.Shape[^1] == b.W.Shape[^1] && a.Bias is null == b.Bias is null && a.Bias?.Type == b.Bias?.Type;

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
