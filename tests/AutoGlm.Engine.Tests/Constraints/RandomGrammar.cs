using CsCheck;

namespace AutoGlm.Engine.Tests.Constraints;

/// <summary>A random grammar with its meaning by definition: the set of lengths that each expression can match at each place.</summary>
internal sealed class RandomGrammar
{
    private const string Letters = "abé";
    private readonly Node[] _rules;

    private RandomGrammar(Node[] rules, string[] texts) => (_rules, Texts) = (rules, texts);

    public static Gen<RandomGrammar> Gen { get; } = MakeGen();

    public string[] Texts { get; }

    public string Source => string.Join('\n', _rules.Select((rule, i) => $"{Name(i)} ::= {rule.Write()}"));

    /// <summary>A least fixed point over (rule, start): ends that can be reached.</summary>
    public bool Matches(string text)
    {
        Dictionary<(int Rule, int Start), HashSet<int>> known = [];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int rule = 0; rule < _rules.Length; rule++)
            {
                for (int start = 0; start <= text.Length; start++)
                {
                    if (!known.TryGetValue((rule, start), out HashSet<int>? ends)) known[(rule, start)] = ends = [];
                    int before = ends.Count;
                    ends.UnionWith(_rules[rule].Ends(text, start, known));
                    changed |= ends.Count > before;
                }
            }
        }

        return known[(0, 0)].Contains(text.Length);
    }

    private static string Name(int rule) => rule == 0 ? "root" : $"r{rule}";

    private static Gen<RandomGrammar> MakeGen()
    {
        Gen<Node> leaf = CsCheck.Gen.OneOf(
            CsCheck.Gen.Int[0, 7].Select(i => (Node)new Text(i < 3 ? Letters[i].ToString() : i < 6 ? "a" + Letters[i - 3] : i == 6 ? "" : "ba")),
            CsCheck.Gen.Int[1, 6].Select(mask => (Node)new Class(string.Concat(Letters.Where((_, i) => (mask >> i & 1) != 0)))),
            CsCheck.Gen.Int[0, 2].Select(rule => (Node)new Call(rule)));
        Gen<Node> node = CsCheck.Gen.Recursive<Node>((depth, inner) => depth > 2 ? leaf : CsCheck.Gen.OneOf(
            leaf,
            CsCheck.Gen.Select(leaf, inner, inner, (a, b, c) => (Node)new Sequence(a, b, c)),
            CsCheck.Gen.Select(inner, inner, (a, b) => (Node)new Choice(a, b)),
            CsCheck.Gen.Select(inner, CsCheck.Gen.Int[0, 3], CsCheck.Gen.Int[0, 3], (a, least, more) => (Node)new Repeat(a, least, more == 3 ? null : least + more))));
        Gen<string> text = CsCheck.Gen.Int[0, 2].Array[0, 8].Select(letters => string.Concat(letters.Select(i => Letters[i])));
        return CsCheck.Gen.Select(node.Array[3], text.Array[10], (rules, texts) => new RandomGrammar(rules, texts));
    }

    private abstract record Node
    {
        public abstract string Write();

        public abstract HashSet<int> Ends(string text, int start, Dictionary<(int, int), HashSet<int>> known);
    }

    private sealed record Text(string Value) : Node
    {
        public override string Write() => $"\"{Value}\"";

        public override HashSet<int> Ends(string text, int start, Dictionary<(int, int), HashSet<int>> known) =>
            text.AsSpan(start).StartsWith(Value) ? [start + Value.Length] : [];
    }

    private sealed record Class(string Members) : Node
    {
        public override string Write() => $"[{Members}]";

        public override HashSet<int> Ends(string text, int start, Dictionary<(int, int), HashSet<int>> known) =>
            start < text.Length && Members.Contains(text[start]) ? [start + 1] : [];
    }

    private sealed record Call(int Rule) : Node
    {
        public override string Write() => Name(Rule);

        public override HashSet<int> Ends(string text, int start, Dictionary<(int, int), HashSet<int>> known) => known.GetValueOrDefault((Rule, start)) ?? [];
    }

    private sealed record Sequence(Node First, Node Second, Node Third) : Node
    {
        public override string Write() => $"({First.Write()} {Second.Write()} {Third.Write()})";

        public override HashSet<int> Ends(string text, int start, Dictionary<(int, int), HashSet<int>> known) =>
            [.. First.Ends(text, start, known).SelectMany(at => Second.Ends(text, at, known)).SelectMany(at => Third.Ends(text, at, known))];
    }

    private sealed record Choice(Node First, Node Second) : Node
    {
        public override string Write() => $"({First.Write()} | {Second.Write()})";

        public override HashSet<int> Ends(string text, int start, Dictionary<(int, int), HashSet<int>> known) =>
            [.. First.Ends(text, start, known), .. Second.Ends(text, start, known)];
    }

    private sealed record Repeat(Node Item, int Least, int? Most) : Node
    {
        public override string Write() => $"({Item.Write()}){{{Least},{Most}}}";

        public override HashSet<int> Ends(string text, int start, Dictionary<(int, int), HashSet<int>> known)
        {
            HashSet<int> at = [start], ends = Least == 0 ? [start] : [];
            for (int pass = 1; pass <= (Most ?? Least + text.Length + 1); pass++)
            {
                at = [.. at.SelectMany(from => Item.Ends(text, from, known))];
                if (pass >= Least) ends.UnionWith(at);
            }

            return ends;
        }
    }
}
