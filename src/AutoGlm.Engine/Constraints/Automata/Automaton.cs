namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>
/// A grammar as a pushdown automaton over bytes: nodes of each rule, edges by class of bytes, calls of rules, counted loops.
/// Rule 0 is the whole. Checked: no rule calls itself without reading something first. Immutable.
/// </summary>
internal sealed class Automaton
{
    private readonly IReadOnlyList<Node> _nodes;
    private readonly IReadOnlyList<(string Name, int Entry)> _rules;
    private readonly bool[] _isNullable;

    /// <summary>By node: itself and what is reached from it without a byte.</summary>
    private readonly int[]?[] _closures;

    public Automaton(IReadOnlyList<Node> nodes, IReadOnlyList<(string Name, int Entry)> rules, IReadOnlyList<CountedLoop> loops)
    {
        (_nodes, _rules) = (nodes, rules);
        Pruning.Prune(nodes, rules);
        (ClassOf, ClassBytes) = ByteClasses.Of(nodes);
        _closures = new int[nodes.Count][];
        _isNullable = FindNullable();
        Loops = [.. loops.Select(loop => _isNullable[loop.Rule] ? loop with { Least = 0 } : loop)];
        foreach (Node node in nodes.Where(node => node.Loop is not null)) node.Loop = Loops[node.Loop!.Index];
        RuleOrder = OrderRules();
    }

    /// <summary>By byte: its class; bytes of a class are on the same edges everywhere.</summary>
    public byte[] ClassOf { get; }

    /// <summary>By class: its bytes.</summary>
    public IReadOnlyList<byte[]> ClassBytes { get; }

    public int NodeCount => _nodes.Count;

    public int RuleCount => _rules.Count;

    public IReadOnlyList<CountedLoop> Loops { get; }

    /// <summary>By rule: its place in an order in which a rule comes before those it may call without reading.</summary>
    public int[] RuleOrder { get; }

    public int Entry(int rule) => _rules[rule].Entry;

    public Node this[int node] => _nodes[node];

    /// <summary>A node and what is reached from it without a byte, through rules that may be empty too; those alone that do something.</summary>
    public int[] Closure(int node) => _closures[node] ??= FindClosure(node, _isNullable);

    private int[] FindClosure(int start, bool[] isNullable)
    {
        HashSet<int> seen = [start];
        Stack<int> open = new([start]);
        List<int> kept = [];
        while (open.TryPop(out int at))
        {
            Node node = _nodes[at];
            if (node.Edges.Count > 0 || node.Calls.Count > 0 || node.IsEnd || node.Loop is not null) kept.Add(at);
            foreach (int next in node.Free) Reach(next);
            foreach ((int rule, int target) in node.Calls)
            {
                if (isNullable[rule]) Reach(target);
            }

            if (node.Loop is { } loop && (loop.Least == 0 || isNullable[loop.Rule])) Reach(loop.Exit);
        }

        kept.Sort();
        return [.. kept];

        void Reach(int next)
        {
            if (seen.Add(next)) open.Push(next);
        }
    }

    private bool[] FindNullable()
    {
        bool[] nullable = new bool[_rules.Count];
        Dictionary<int, HashSet<int>> callers = [];
        Queue<int> open = new(Enumerable.Range(0, nullable.Length));
        while (open.TryDequeue(out int rule))
        {
            if (nullable[rule]) continue;
            int[] closure = FindClosure(Entry(rule), nullable);
            if (closure.Any(node => _nodes[node].IsEnd))
            {
                nullable[rule] = true;
                foreach (int caller in callers.GetValueOrDefault(rule) ?? []) open.Enqueue(caller);
                continue;
            }

            foreach (int called in closure.SelectMany(Called))
            {
                if (!callers.TryGetValue(called, out HashSet<int>? list)) callers[called] = list = [];
                list.Add(rule);
            }
        }

        return nullable;
    }

    /// <summary>Rules that a node calls.</summary>
    private IEnumerable<int> Called(int node)
    {
        IEnumerable<int> called = _nodes[node].Calls.Select(call => call.Rule);
        return _nodes[node].Loop is { } loop ? called.Append(loop.Rule) : called;
    }

    private int[] OrderRules()
    {
        Dictionary<int, HashSet<int>> calls = [];
        for (int rule = 0; rule < _rules.Count; rule++)
        {
            calls[rule] = [.. Closure(Entry(rule)).SelectMany(Called)];
        }

        int[] order = new int[_rules.Count];
        List<List<int>> components = Cycles.Components(calls);
        for (int i = 0; i < components.Count; i++)
        {
            List<int> component = components[i];
            if (component.Count > 1 || calls[component[0]].Contains(component[0]))
            {
                string names = string.Join(", ", component.Select(rule => $"'{_rules[rule].Name}'").Order().Take(5));
                throw new GrammarException("grammar", $"left recursion: {names} can call itself before reading anything; write the repetition with * or + instead");
            }

            order[component[0]] = components.Count - i;
        }

        return order;
    }
}
