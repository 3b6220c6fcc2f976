namespace AutoGlm.Graph.Passes;

/// <summary>What one pass made of a graph.</summary>
public sealed record PassResult(string Pass, ComputationGraph Before, ComputationGraph After)
{
    /// <summary>Operations of which there are more or fewer now, with the difference.</summary>
    public IReadOnlyList<(string Operation, int Change)> Changes
    {
        get
        {
            IReadOnlyDictionary<string, int> before = Before.CountOperations(), after = After.CountOperations();
            return
            [
                .. before.Keys.Union(after.Keys).Order(StringComparer.Ordinal)
                    .Select(name => (name, after.GetValueOrDefault(name) - before.GetValueOrDefault(name)))
                    .Where(change => change.Item2 != 0),
            ];
        }
    }
}

/// <summary>How a graph went through the passes.</summary>
public sealed record OptimizationTrace(ComputationGraph Original, ComputationGraph Graph, IReadOnlyList<PassResult> Passes);
