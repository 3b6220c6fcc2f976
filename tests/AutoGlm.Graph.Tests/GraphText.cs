namespace AutoGlm.Graph.Tests;

/// <summary>Graphs as short text, for before and after.</summary>
internal static class GraphText
{
    /// <summary>A line a node, blanks single, without the totals.</summary>
    public static string Of(ComputationGraph graph)
    {
        IEnumerable<string> lines = GraphFormatter.ToText(graph).Split('\n').TakeWhile(line => !line.StartsWith("return", StringComparison.Ordinal));
        return string.Join('\n', lines.Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Trim()).Append($"return {graph.Output}"));
    }

    public static void AssertIs(string expected, ComputationGraph graph) => Assert.Equal(expected.ReplaceLineEndings("\n"), Of(graph));
}
