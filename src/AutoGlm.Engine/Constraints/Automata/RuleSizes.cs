using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>How large expressions are, roughly, in nodes, and which rules call themselves.</summary>
internal sealed class RuleSizes
{
    private readonly Dictionary<Rule, HashSet<Rule>> _calls = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Expression, long> _sizes = new(ReferenceEqualityComparer.Instance);
    private HashSet<Rule> _recursive = new(ReferenceEqualityComparer.Instance);

    /// <summary>Looks at all that a rule reaches.</summary>
    public void Visit(Rule root)
    {
        Queue<Rule> queue = new([root]);
        _calls[root] = [];
        while (queue.TryDequeue(out Rule? rule))
        {
            HashSet<Rule> called = _calls[rule];
            Collect(rule.Body, called, 0);
            foreach (Rule next in called)
            {
                if (_calls.TryAdd(next, [])) queue.Enqueue(next);
            }
        }

        _recursive = Cycles.Members(_calls);
    }

    public bool IsRecursive(Rule rule) => _recursive.Contains(rule);

    public long Of(Expression expression)
    {
        if (_sizes.TryGetValue(expression, out long known)) return known;
        long size = expression switch
        {
            Bytes bytes => bytes.Value.Length,
            Character character => 1 + character.Set.Ranges.Count,
            Sequence sequence => sequence.Items.Sum(Of),
            Choice choice => 1 + choice.Items.Sum(Of),
            Repeat repeat => 1 + Of(repeat.Item) * Math.Clamp(Math.Max(repeat.Least, repeat.Most ?? 1), 1, GrammarLimits.WrittenOut),
            RuleCall call => call.Rule.IsShared || IsRecursive(call.Rule) ? 1 : Math.Min(Of(call.Rule.Body), GrammarLimits.InlineSize + 1),
            SeparatedList list => list.Items.Sum(item => 4 + Of(item.Item) + Of(list.Separator)) + (list.Tail is null ? 0 : 2 * Of(list.Tail)),
            TextUntil text => text.Branches.Sum(branch => branch.Marker.Length + Of(branch.Then)),
            _ => 4,
        };
        // Sizes beyond any bound are all alike.
        return _sizes[expression] = Math.Min(size, 1L << 40);
    }

    private static void Collect(Expression expression, HashSet<Rule> called, int depth)
    {
        if (depth > 8 * GrammarLimits.Depth) throw new GrammarException("grammar", "it nests too deeply");
        switch (expression)
        {
            case RuleCall call: called.Add(call.Rule); break;
            case Repeat repeat: Collect(repeat.Item, called, depth + 1); break;
            case Sequence sequence: CollectAll(sequence.Items, called, depth); break;
            case Choice choice: CollectAll(choice.Items, called, depth); break;
            case TextUntil text: CollectAll([.. text.Branches.Select(branch => branch.Then)], called, depth); break;
            case SeparatedList list:
                CollectAll([.. list.Items.Select(item => item.Item), list.Separator], called, depth);
                if (list.Tail is not null) Collect(list.Tail, called, depth + 1);
                break;
        }
    }

    private static void CollectAll(IReadOnlyList<Expression> items, HashSet<Rule> called, int depth)
    {
        foreach (Expression item in items) Collect(item, called, depth + 1);
    }
}
