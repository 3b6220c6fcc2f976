using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Writes expressions as nodes and edges over bytes (Thompson 1968). Small rules that do not recur are written out at their places.</summary>
internal sealed class AutomatonBuilder
{
    private readonly List<Node> _nodes = [];
    private readonly List<CountedLoop> _loops = [];
    private readonly List<(string Name, int Entry)> _rules = [];
    private readonly Dictionary<Rule, int> _ruleIds = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<(int Id, Expression Body)> _unwritten = [];
    private readonly RuleSizes _sizes = new();
    private int _calls;
    private int _depth;

    public static Automaton Build(Rule root)
    {
        AutomatonBuilder builder = new();
        builder._sizes.Visit(root);
        builder.RuleId(root);
        while (builder._unwritten.TryDequeue(out (int Id, Expression Body) rule)) builder.WriteRule(rule.Id, rule.Body);
        return new Automaton(builder._nodes, builder._rules, builder._loops);
    }

    private int AddNode()
    {
        if (_nodes.Count >= GrammarLimits.Nodes) throw TooLarge();
        _nodes.Add(new Node());
        return _nodes.Count - 1;
    }

    private static GrammarException TooLarge() =>
        new("grammar", $"it needs over {GrammarLimits.Nodes:N0} automaton nodes; use fewer alternatives, smaller character classes or smaller repetitions");

    private int RuleId(Rule rule)
    {
        if (_ruleIds.TryGetValue(rule, out int id)) return id;
        return _ruleIds[rule] = Declare(rule.Name, rule.Body);
    }

    private int Declare(string name, Expression body)
    {
        _rules.Add((name, AddNode()));
        _unwritten.Enqueue((_rules.Count - 1, body));
        return _rules.Count - 1;
    }

    private void WriteRule(int id, Expression body) => _nodes[Write(body, _rules[id].Entry)].IsEnd = true;

    /// <summary>Writes an expression from a node on; gives the node where it ends.</summary>
    private int Write(Expression expression, int from)
    {
        if (++_depth > 8 * GrammarLimits.Depth) throw new GrammarException("grammar", "it nests too deeply");
        int end = expression switch
        {
            Bytes bytes => WriteBytes(bytes.Value, from),
            Character character => WriteSet(character.Set, from),
            Sequence sequence => sequence.Items.Aggregate(from, (node, item) => Write(item, node)),
            Choice choice => WriteChoice(choice.Items, from),
            Repeat repeat => WriteRepeat(repeat, from),
            RuleCall call => WriteCall(call.Rule, from),
            ControlToken token => WriteBytes(Tokens.ControlBytes.Of(token.Id), from),
            SeparatedList list => WriteList(list, from),
            TextUntil text => new TextUntilWriter(_nodes, AddNode, Write).Write(text, from),
            _ => throw new InvalidOperationException($"no automaton for {expression.GetType().Name}"),
        };
        _depth--;
        return end;
    }

    private int WriteBytes(byte[] bytes, int from)
    {
        foreach (byte value in bytes)
        {
            int next = AddNode();
            _nodes[from].Edges.Add((value, value, next));
            from = next;
        }

        return from;
    }

    private int WriteSet(CodePointSet set, int from)
    {
        int to = AddNode();
        new Utf8Writer(_nodes, AddNode, to).Write(set, from);
        return to;
    }

    private int WriteChoice(IReadOnlyList<Expression> items, int from)
    {
        int to = AddNode();
        foreach (Expression item in items)
        {
            // Each from a node of its own: a loop in one must not lead into another.
            int start = AddNode();
            _nodes[from].Free.Add(start);
            _nodes[Write(item, start)].Free.Add(to);
        }

        return to;
    }

    private int WriteRepeat(Repeat repeat, int from)
    {
        int copies = Math.Max(repeat.Least, repeat.Most ?? 0);
        if (copies > 1 && (copies > GrammarLimits.WrittenOut || (long)copies * _sizes.Of(repeat.Item) > 4 * GrammarLimits.WrittenOut)) return WriteLoop(repeat, from);
        for (int i = 0; i < repeat.Least; i++) from = Write(repeat.Item, from);
        if (repeat.Most is not { } most)
        {
            int start = AddNode();
            _nodes[from].Free.Add(start);
            _nodes[Write(repeat.Item, start)].Free.Add(start);
            int after = AddNode();
            _nodes[start].Free.Add(after);
            return after;
        }

        int end = AddNode();
        for (int i = repeat.Least; i < most; i++)
        {
            _nodes[from].Free.Add(end);
            int start = AddNode();
            _nodes[from].Free.Add(start);
            from = Write(repeat.Item, start);
        }

        _nodes[from].Free.Add(end);
        return end;
    }

    private int WriteLoop(Repeat repeat, int from)
    {
        CountCall();
        int rule = repeat.Item is RuleCall { Rule: { } named } ? RuleId(named) : Declare("a repetition", repeat.Item);
        int start = AddNode(), end = AddNode();
        CountedLoop loop = new(_loops.Count, rule, repeat.Least, repeat.Most, end);
        _loops.Add(loop);
        _nodes[from].Free.Add(start);
        _nodes[start].Loop = loop;
        return end;
    }

    private int WriteCall(Rule rule, int from)
    {
        if (!rule.IsShared && !_sizes.IsRecursive(rule) && _sizes.Of(rule.Body) <= GrammarLimits.InlineSize) return Write(rule.Body, from);
        CountCall();
        int to = AddNode();
        _nodes[from].Calls.Add((RuleId(rule), to));
        return to;
    }

    private void CountCall()
    {
        if (++_calls > GrammarLimits.Calls) throw TooLarge();
    }

    /// <summary>Two tracks, one for before the first item that is there and one for after it; each item is written once.</summary>
    private int WriteList(SeparatedList list, int from)
    {
        int none = from, some = AddNode();
        foreach ((Expression item, bool required) in list.Items)
        {
            int start = AddNode(), nextNone = AddNode(), nextSome = AddNode();
            _nodes[none].Free.Add(start);
            _nodes[Write(list.Separator, some)].Free.Add(start);
            _nodes[Write(item, start)].Free.Add(nextSome);
            if (!required)
            {
                _nodes[none].Free.Add(nextNone);
                _nodes[some].Free.Add(nextSome);
            }

            (none, some) = (nextNone, nextSome);
        }

        int end = AddNode();
        if (list.Tail is null || list.TailMost == 0)
        {
            _nodes[none].Free.Add(end);
            _nodes[some].Free.Add(end);
            return end;
        }

        Expression further = Expression.Of(list.Separator, list.Tail);
        _nodes[Write(further.Many(list.TailLeast, list.TailMost), some)].Free.Add(end);
        Expression first = Expression.Of(list.Tail, further.Many(Math.Max(0, list.TailLeast - 1), list.TailMost - 1));
        _nodes[Write(list.TailLeast == 0 ? first.Optional() : first, none)].Free.Add(end);
        return end;
    }
}
