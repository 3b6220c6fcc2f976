namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Takes out what leads to no end, so that no text comes to where it can neither go on nor end.</summary>
internal static class Pruning
{
    public static void Prune(IReadOnlyList<Node> nodes, IReadOnlyList<(string Name, int Entry)> rules)
    {
        bool[] ends = FindEnding(nodes, rules);
        foreach (Node node in nodes)
        {
            node.Edges.RemoveAll(edge => !ends[edge.Target]);
            node.Free.RemoveAll(target => !ends[target]);
            node.Calls.RemoveAll(call => !ends[call.Target] || !ends[rules[call.Rule].Entry]);
            if (node.Loop is not { } loop) continue;
            if (loop.Least == 0 && !ends[rules[loop.Rule].Entry]) node.Free.Add(loop.Exit);
            if (!ends[loop.Exit] || !ends[rules[loop.Rule].Entry]) node.Loop = null;
        }
    }

    /// <summary>By node: whether its rule's end can be reached.</summary>
    private static bool[] FindEnding(IReadOnlyList<Node> nodes, IReadOnlyList<(string Name, int Entry)> rules)
    {
        bool[] ends = new bool[nodes.Count];
        List<int>[] dependents = [.. nodes.Select(_ => new List<int>())];
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach ((_, _, int target) in nodes[i].Edges) dependents[target].Add(i);
            foreach (int target in nodes[i].Free) dependents[target].Add(i);
            foreach ((int rule, int target) in nodes[i].Calls)
            {
                dependents[target].Add(i);
                dependents[rules[rule].Entry].Add(i);
            }

            if (nodes[i].Loop is not { } loop) continue;
            dependents[loop.Exit].Add(i);
            dependents[rules[loop.Rule].Entry].Add(i);
        }

        Queue<int> open = new(Enumerable.Range(0, nodes.Count).Where(i => nodes[i].IsEnd));
        while (open.TryDequeue(out int at))
        {
            if (ends[at] || !Reaches(at)) continue;
            ends[at] = true;
            foreach (int dependent in dependents[at]) open.Enqueue(dependent);
        }

        return ends;

        bool Reaches(int at) => nodes[at].IsEnd
            || nodes[at].Edges.Any(edge => ends[edge.Target])
            || nodes[at].Free.Any(target => ends[target])
            || nodes[at].Calls.Any(call => ends[call.Target] && ends[rules[call.Rule].Entry])
            || (nodes[at].Loop is { } loop && ends[loop.Exit] && (loop.Least == 0 || ends[rules[loop.Rule].Entry]));
    }
}
