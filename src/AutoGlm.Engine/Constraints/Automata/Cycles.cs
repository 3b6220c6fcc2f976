namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Cycles of a directed graph, found without recursion.</summary>
internal static class Cycles
{
    /// <summary>Nodes that lie on a cycle: members of a strongly connected component of several nodes, or with an edge to themselves.</summary>
    public static HashSet<T> Members<T>(IReadOnlyDictionary<T, HashSet<T>> edges)
        where T : class
    {
        HashSet<T> members = new(ReferenceEqualityComparer.Instance);
        foreach (List<T> component in Components(edges))
        {
            if (component.Count > 1 || edges[component[0]].Contains(component[0])) members.UnionWith(component);
        }

        return members;
    }

    /// <summary>Strongly connected components, those that others lead to first (Tarjan 1972).</summary>
    public static List<List<T>> Components<T>(IReadOnlyDictionary<T, HashSet<T>> edges)
        where T : notnull
    {
        Dictionary<T, int> index = [], low = [];
        HashSet<T> open = [];
        Stack<T> path = new();
        List<List<T>> components = [];
        foreach (T root in edges.Keys)
        {
            if (index.ContainsKey(root)) continue;
            Stack<(T Node, IEnumerator<T> Next)> work = new();
            Enter(root);
            while (work.TryPeek(out (T Node, IEnumerator<T> Next) top))
            {
                if (top.Next.MoveNext())
                {
                    T next = top.Next.Current;
                    if (!index.ContainsKey(next)) Enter(next);
                    else if (open.Contains(next)) low[top.Node] = Math.Min(low[top.Node], index[next]);
                    continue;
                }

                work.Pop();
                if (work.TryPeek(out (T Node, IEnumerator<T> Next) above)) low[above.Node] = Math.Min(low[above.Node], low[top.Node]);
                if (low[top.Node] == index[top.Node]) components.Add(Close(top.Node));
            }

            void Enter(T node)
            {
                index[node] = low[node] = index.Count;
                open.Add(node);
                path.Push(node);
                work.Push((node, edges[node].GetEnumerator()));
            }
        }

        return components;

        List<T> Close(T root)
        {
            List<T> component = [];
            T node;
            do
            {
                node = path.Pop();
                open.Remove(node);
                component.Add(node);
            }
            while (!EqualityComparer<T>.Default.Equals(node, root));
            return component;
        }
    }
}
