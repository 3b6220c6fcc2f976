using System.Text;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>
/// JSON as expressions (RFC 8259), narrowed to what every reader takes: escapes spell no half surrogate, and numbers are short
/// enough for a double.
/// </summary>
internal sealed class JsonSyntax
{
    private const int MostIndent = 32;

    private static readonly CodePointSet s_plain = CodePointSet.Of((' ', 0x10FFFF)).Except(CodePointSet.AnyOf("\"\\"));
    private static readonly CodePointSet s_digits = CodePointSet.Of(('0', '9'));
    private static readonly Expression s_hex = new Character(CodePointSet.Of(('0', '9'), ('A', 'F'), ('a', 'f')));
    private static readonly Expression s_character = StringCharacter();

    /// <summary>A string's content and its closing quote.</summary>
    private static readonly Rule s_stringRest = new("string") { Body = Expression.Of(s_character.Many(), Expression.Text("\"")), IsShared = true };

    private readonly Rule _value = new("value") { IsShared = true };

    public JsonSyntax(JsonWhitespace whitespace)
    {
        Expression none = Expression.Empty, space = Expression.Text(" ").Optional();
        Expression indent = Expression.Of(Expression.Text("\n"), new Character(CodePointSet.AnyOf(" \t")).Many(0, MostIndent));
        bool limited = whitespace == JsonWhitespace.Limited;
        AfterOpen = limited ? indent.Optional() : none;
        Expression comma = Expression.Text(",");
        Comma = limited ? Expression.Of(comma, Expression.Any(Expression.Text(" "), indent, none)) : comma;
        Colon = limited ? Expression.Of(Expression.Text(":"), space) : Expression.Text(":");
        Object = FreeObject();
        _value.Body = Expression.Any(Object, Array([], new RuleCall(_value), 0, null), String, Number, Literal("true"), Literal("false"), Literal("null"));
    }

    /// <summary>White space after an opening bracket and before a closing one.</summary>
    public Expression AfterOpen { get; }

    public Expression Comma { get; }

    public Expression Colon { get; }

    /// <summary>Any value.</summary>
    public Expression Value => new RuleCall(_value);

    /// <summary>Any object.</summary>
    public Expression Object { get; }

    public static Expression String { get; } = Expression.Of(Expression.Text("\""), new RuleCall(s_stringRest));

    public static Expression Integer { get; } = Expression.Of(Expression.Text("-").Optional(), Digits());

    /// <summary>At most 16 digits before the point, 16 after it and an exponent of two: each a finite double.</summary>
    public static Expression Number { get; } = Expression.Of(
        Integer,
        Expression.Of(Expression.Text("."), new Character(s_digits).Many(1, 16)).Optional(),
        Expression.Of(new Character(CodePointSet.AnyOf("eE")), new Character(CodePointSet.AnyOf("+-")).Optional(), new Character(s_digits).Many(1, 2)).Optional());

    public static Expression Literal(string text) => Expression.Text(text);

    /// <summary>A string of between so many characters.</summary>
    public static Expression StringOf(int least, int? most) =>
        least == 0 && most is null ? String : Expression.Of(Expression.Text("\""), s_character.Many(least, most), Expression.Text("\""));

    /// <summary>A character of a set as strings have it: as itself where it may be, and by its shortest escape where it must.</summary>
    public static Expression Escaped(CodePointSet set)
    {
        List<Expression> ways = [new Character(set.Intersect(s_plain))];
        foreach ((int low, int high) in set.Intersect(s_plain.Negate()).Ranges)
        {
            for (int character = low; character <= high; character++) ways.Add(Expression.Text(Escape((char)character)));
        }

        return Expression.Any(ways);
    }

    /// <summary>A string constant, quotes and all.</summary>
    public static string Quote(string text)
    {
        StringBuilder result = new("\"");
        foreach (char character in text)
        {
            if (character is '"' or '\\' or < ' ') result.Append(Escape(character));
            else result.Append(character);
        }


        return result.Append('"').ToString();
    }

    /// <summary>Braces around properties: named ones in their order, then others.</summary>
    public Expression ObjectOf(IReadOnlyList<(Expression Property, bool Required)> properties, Expression? others, int leastOthers, int? mostOthers) =>
        Bracketed("{", new SeparatedList(properties, Comma, others, leastOthers, mostOthers), "}");

    /// <summary>Brackets around items: given ones in their places, then others, so many in all.</summary>
    public Expression Array(IReadOnlyList<Expression> first, Expression? others, int least, int? most)
    {
        Expression rest = Expression.Empty;
        if (others is not null && first.Count == 0) rest = new SeparatedList([], Comma, others, least, most);
        else if (others is not null) rest = Expression.Of(Comma, others).Many(Math.Max(0, least - first.Count), most - first.Count);
        else if (first.Count < least) return Expression.Never;
        for (int i = first.Count - 1; i >= 0; i--)
        {
            rest = i == 0 ? Expression.Of(first[i], rest) : Expression.Of(Comma, first[i], rest);
            if (i >= least) rest = rest.Optional();
        }

        return Bracketed("[", rest, "]");
    }

    public Expression Property(Expression name, Expression value) => Expression.Of(name, Colon, value);

    private Expression FreeObject() => ObjectOf([], Property(String, new RuleCall(_value)), 0, null);

    private Expression Bracketed(string open, Expression list, string close)
    {
        Expression filled = Expression.Of(AfterOpen, list, AfterOpen);
        return Expression.Of(Expression.Text(open), filled, Expression.Text(close));
    }

    private static Expression Digits() => Expression.Any(
        Expression.Text("0"),
        Expression.Of(new Character(CodePointSet.Of(('1', '9'))), new Character(s_digits).Many(0, 15)));

    private static string Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => $"\\u{(int)character:x4}",
    };

    /// <summary>One character of a string: plain, escaped, by number, or by the numbers of a surrogate pair.</summary>
    private static Expression StringCharacter()
    {
        static Expression Set(string characters) => new Character(CodePointSet.AnyOf(characters));
        Expression single = Expression.Any(
            Expression.Of(Set("0123456789abcABCefEF"), s_hex, s_hex, s_hex),
            Expression.Of(Set("dD"), Set("01234567"), s_hex, s_hex));
        Expression pair = Expression.Of(Set("dD"), Set("89abAB"), s_hex, s_hex, Expression.Text("\\u"), Set("dD"), Set("cdefCDEF"), s_hex, s_hex);
        return Expression.Any(
            new Character(s_plain),
            Expression.Of(Expression.Text("\\"), Expression.Any(Set("\"\\/bfnrt"), Expression.Of(Expression.Text("u"), Expression.Any(single, pair)))));
    }
}
