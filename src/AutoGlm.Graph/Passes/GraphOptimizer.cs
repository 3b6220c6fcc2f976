namespace AutoGlm.Graph.Passes;

/// <summary>A named, pure rewriting of a graph that leaves its output's values as they were.</summary>
public sealed record GraphPass(string Name, Func<ComputationGraph, ComputationGraph> Apply);

/// <summary>The passes a graph goes through before a backend runs it.</summary>
public static class GraphOptimizer
{
    /// <summary>All passes, in the order they run.</summary>
    public static IReadOnlyList<GraphPass> Passes { get; } =
    [
        new("common-subexpressions", CommonSubexpressions.Merge),
        new("dead-rows", DeadRows.Eliminate),
        new("merge-projections", MergedProjections.Merge),
        new("fold-constants", FoldedConstants.Fold),
        new("gated-activations", GatedActivations.Fuse),
        new("residual-matmuls", ResidualMatMuls.Fuse),
        new("dead-nodes", DeadNodes.Eliminate),
    ];

    /// <summary>Runs the passes but those named.</summary>
    /// <exception cref="ArgumentException">A name is no pass.</exception>
    public static ComputationGraph Optimize(ComputationGraph graph, IReadOnlyCollection<string>? without = null) => Trace(graph, without).Graph;

    /// <summary>As <see cref="Optimize"/>, and tells what each pass did.</summary>
    /// <exception cref="ArgumentException">A name is no pass.</exception>
    public static OptimizationTrace Trace(ComputationGraph graph, IReadOnlyCollection<string>? without = null)
    {
        foreach (string name in without ?? [])
        {
            if (Passes.All(pass => pass.Name != name))
                throw new ArgumentException($"There is no graph pass '{name}'; there are {string.Join(", ", Passes.Select(pass => pass.Name))}.", nameof(without));
        }

        return Run(graph, Passes.Where(pass => without?.Contains(pass.Name) != true));
    }

    /// <summary>Runs passes one after the other, and tells what each did.</summary>
    public static OptimizationTrace Run(ComputationGraph graph, IEnumerable<GraphPass> passes)
    {
        List<PassResult> results = [];
        ComputationGraph current = graph;
        foreach (GraphPass pass in passes)
        {
            ComputationGraph next = pass.Apply(current);
            results.Add(new PassResult(pass.Name, current, next));
            current = next;
        }

        return new OptimizationTrace(graph, current, results);
    }
}
