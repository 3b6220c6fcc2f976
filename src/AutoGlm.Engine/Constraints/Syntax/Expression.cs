using System.Text;

namespace AutoGlm.Engine.Constraints.Syntax;

/// <summary>What grammars are made of, whichever front end read them.</summary>
internal abstract record Expression
{
    /// <summary>The empty text.</summary>
    public static Expression Empty { get; } = new Sequence([]);

    /// <summary>Nothing at all: not even the empty text.</summary>
    public static Expression Never { get; } = new Choice([]);

    public static Expression Text(string text) => new Bytes(Encoding.UTF8.GetBytes(text));

    public static Expression Of(params Expression[] items) => items.Length == 1 ? items[0] : new Sequence(items);

    public static Expression Any(params IReadOnlyList<Expression> items) => items.Count == 1 ? items[0] : new Choice(items);

    public Expression Optional() => new Repeat(this, 0, 1);

    public Expression Many(int least = 0, int? most = null) => new Repeat(this, least, most);
}

/// <summary>These very bytes.</summary>
internal sealed record Bytes(byte[] Value) : Expression;

/// <summary>One code point of a set, in UTF-8.</summary>
internal sealed record Character(CodePointSet Set) : Expression;

/// <summary>One after the other.</summary>
internal sealed record Sequence(IReadOnlyList<Expression> Items) : Expression;

/// <summary>One of several.</summary>
internal sealed record Choice(IReadOnlyList<Expression> Items) : Expression;

/// <summary>Between <paramref name="Least"/> and <paramref name="Most"/> (null: any number of) copies.</summary>
internal sealed record Repeat(Expression Item, int Least, int? Most) : Expression;

/// <summary>What a rule stands for.</summary>
internal sealed record RuleCall(Rule Rule) : Expression;

/// <summary>A control token of the vocabulary, which no text can spell.</summary>
internal sealed record ControlToken(int Id) : Expression;

/// <summary>
/// Items in their order, with a separator between those that are there: how objects list their properties. Linear in its length,
/// where alternatives of sequences would be exponential.
/// </summary>
/// <param name="Items">Each item, and whether it must be there.</param>
/// <param name="Separator">Between two items.</param>
/// <param name="Tail">What may follow as further items, between the least and the most times; null for nothing.</param>
internal sealed record SeparatedList(IReadOnlyList<(Expression Item, bool Required)> Items, Expression Separator, Expression? Tail, int TailLeast, int? TailMost) : Expression;

/// <summary>Any text, control tokens among it, up to and with the first of the markers; each marker goes on with its own.</summary>
/// <param name="Branches">A marker as bytes, and what follows it. May be empty: any text at all.</param>
/// <param name="MayEnd">Whether the text may end without a marker.</param>
internal sealed record TextUntil(IReadOnlyList<(byte[] Marker, Expression Then)> Branches, bool MayEnd) : Expression;

/// <summary>A named expression; recursion goes through these.</summary>
internal sealed class Rule(string name)
{
    public string Name { get; } = name;

    public Expression Body { get; set; } = Expression.Never;

    /// <summary>True to keep it a rule of its own, so that its places share what is computed for it.</summary>
    public bool IsShared { get; init; }
}
