namespace AutoGlm.Formats.Tokenizers;

/// <summary>What a parsed regular expression is made of.</summary>
internal abstract record RegexNode
{
    internal sealed record Set(CharacterSet Characters) : RegexNode;

    internal sealed record Sequence(IReadOnlyList<RegexNode> Items) : RegexNode;

    internal sealed record Alternation(IReadOnlyList<RegexNode> Items) : RegexNode;

    /// <summary>Between <paramref name="Minimum"/> and <paramref name="Maximum"/> (-1: no bound) copies.</summary>
    internal sealed record Repeat(RegexNode Item, int Minimum, int Maximum, bool Lazy) : RegexNode;

    /// <summary>Holds where the next character is (or, negated, is not) in the set; the end of the text is in no set.</summary>
    internal sealed record LookAhead(CharacterSet Characters, bool Negated) : RegexNode;
}
