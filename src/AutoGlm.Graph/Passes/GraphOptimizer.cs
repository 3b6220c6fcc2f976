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
        new("dead-nodes", DeadNodes.Eliminate),
    ];

    /// <summary>Runs the passes but those named.</summary>
    /// <exception cref="ArgumentException">A name is no pass.</exception>
    public static ComputationGraph Optimize(ComputationGraph graph, IReadOnlyCollection<string>? without = null)
    {
        foreach (string name in without ?? [])
        {
            if (Passes.All(pass => pass.Name != name))
                throw new ArgumentException($"There is no graph pass '{name}'; there are {string.Join(", ", Passes.Select(pass => pass.Name))}.", nameof(without));
        }

        return Passes.Where(pass => without?.Contains(pass.Name) != true).Aggregate(graph, (current, pass) => pass.Apply(current));
    }
}
