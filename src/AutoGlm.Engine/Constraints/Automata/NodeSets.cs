namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>The states of the determinised automaton, made when they are first reached (subset construction). For one thread at a time.</summary>
internal sealed class NodeSets(Automaton automaton, WorkMeter meter)
{
    private readonly Dictionary<ContentKey, NodeSet> _sets = [];
    private readonly Dictionary<(int, int), NodeSet> _unions = [];
    private readonly NodeSet?[] _entries = new NodeSet?[automaton.RuleCount];
    private readonly NodeSet?[] _exits = new NodeSet?[automaton.Loops.Count];

    public int Count => _sets.Count;

    /// <summary>Where a rule begins.</summary>
    public NodeSet Entry(int rule) => _entries[rule] ??= Closed([automaton.Entry(rule)]);

    /// <summary>Where a loop goes on when it is over.</summary>
    public NodeSet Exit(CountedLoop loop) => _exits[loop.Index] ??= Closed([loop.Exit]);

    public NodeSet Union(NodeSet left, NodeSet right)
    {
        if (left == right) return left;
        if (left.Id > right.Id) (left, right) = (right, left);
        if (_unions.TryGetValue((left.Id, right.Id), out NodeSet? known)) return known;
        return _unions[(left.Id, right.Id)] = Intern([.. left.Nodes, .. right.Nodes]);
    }

    /// <summary>Where a byte of a class leads; an empty set for nowhere.</summary>
    public NodeSet Step(NodeSet set, int byteClass)
    {
        if (set.Next.Length == 0) set.Next = new NodeSet?[automaton.ClassBytes.Count];
        return set.Next[byteClass] ??= FindStep(set, automaton.ClassBytes[byteClass][0]);
    }

    public (int Rule, NodeSet Return)[] Calls(NodeSet set) => set.Calls ??= FindCalls(set);

    /// <summary>The set of these nodes, as another machine made it.</summary>
    public NodeSet Import(NodeSet other) => Intern(other.Nodes);

    private NodeSet FindStep(NodeSet set, byte value)
    {
        List<int> targets = [];
        foreach (int node in set.Nodes)
        {
            foreach ((byte low, byte high, int target) in automaton[node].Edges)
            {
                if (value >= low && value <= high) targets.Add(target);
            }

            meter.Charge(1 + automaton[node].Edges.Count);
        }

        return Closed(targets);
    }

    private (int Rule, NodeSet Return)[] FindCalls(NodeSet set) =>
    [
        .. set.Nodes.SelectMany(node => automaton[node].Calls)
            .GroupBy(call => call.Rule)
            .Select(group => (group.Key, Closed(group.Select(call => call.Target)))),
    ];

    private NodeSet Closed(IEnumerable<int> nodes) => Intern(nodes.SelectMany(automaton.Closure));

    private NodeSet Intern(IEnumerable<int> nodes)
    {
        int[] sorted = [.. nodes.Distinct().Order()];
        meter.Charge(1 + sorted.Length);
        ContentKey key = new(sorted);
        if (_sets.TryGetValue(key, out NodeSet? known)) return known;
        bool isEnd = sorted.Any(node => automaton[node].IsEnd);
        return _sets[key] = new NodeSet(_sets.Count, sorted)
        {
            IsEnd = isEnd,
            IsOnlyEnd = isEnd && sorted.All(node => automaton[node] is { Edges.Count: 0, Calls.Count: 0, Loop: null }),
            Loops = [.. sorted.Select(node => automaton[node].Loop).OfType<CountedLoop>()],
        };
    }
}
