namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Calls of one state, by rule, callers before called: each rule is entered once, with all its callers.</summary>
internal sealed class CallQueue(Automaton automaton, NodeSets sets, Frame bottom)
{
    private readonly Dictionary<int, HashSet<FrameEdge>> _edges = [];
    private readonly PriorityQueue<int, int> _order = new();

    public void AddFrom(NodeSet set, Frame frame)
    {
        foreach ((int rule, NodeSet after) in sets.Calls(set))
        {
            // The last call of a rule returns to where the rule itself would: recursion at the end needs no stack.
            if (after.IsOnlyEnd && frame != bottom)
            {
                foreach (FrameEdge edge in frame.Edges) Add(rule, edge);
            }
            else
            {
                Add(rule, new FrameEdge(after, null, 0, frame));
            }
        }

        foreach (CountedLoop loop in set.Loops) AddPass(loop, 1, frame);
    }

    /// <summary>A loop's next pass; passes are counted no further than they matter.</summary>
    public void AddPass(CountedLoop loop, int passes, Frame frame) =>
        Add(loop.Rule, new FrameEdge(null, loop, loop.Most is null ? Math.Min(passes, loop.Least) : passes, frame));

    public bool TryTake(out int rule, out FrameEdge[] edges)
    {
        if (!_order.TryDequeue(out rule, out _))
        {
            edges = [];
            return false;
        }

        _edges.Remove(rule, out HashSet<FrameEdge>? set);
        edges = [.. set!.OrderBy(edge => edge.Key)];
        return true;
    }

    private void Add(int rule, FrameEdge edge)
    {
        if (!_edges.TryGetValue(rule, out HashSet<FrameEdge>? edges))
        {
            _edges[rule] = edges = [];
            _order.Enqueue(rule, automaton.RuleOrder[rule]);
        }

        edges.Add(edge);
    }
}
