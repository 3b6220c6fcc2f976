using System.Globalization;
using System.Text;
using AutoGlm.Engine.Constraints.Automata;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Patterns;

/// <summary>Reads regular expressions of the kind that ECMA-262 has, as far as automata can follow them.</summary>
/// <remarks>
/// Alternatives, groups (named ones too), classes, escapes <c>\d \w \s \D \W \S \n \r \t \f \v \0 \xHH \uHHHH \u{H} \p{…}</c>,
/// quantifiers (lazy ones mean the same here), and <c>^</c> and <c>$</c> at the ends. Refused: back references, look-around,
/// <c>\b</c>, possessive quantifiers.
/// </remarks>
internal sealed class PatternParser
{
    private const int MostCopies = 1_000_000;

    private readonly int[] _pattern;
    private readonly string _where;
    private readonly Func<CodePointSet, Expression> _character;
    private int _position;
    private int _depth;

    private PatternParser(string pattern, string where, Func<CodePointSet, Expression> character)
    {
        if (pattern.Length > GrammarLimits.SourceLength) throw new GrammarException(where, $"the pattern is longer than {GrammarLimits.SourceLength:N0} characters");
        _pattern = [.. pattern.EnumerateRunes().Select(rune => rune.Value)];
        (_where, _character) = (where, character);
    }

    /// <param name="pattern">The pattern.</param>
    /// <param name="where">What errors call the place.</param>
    /// <param name="anchored">Whether the whole text must match; else a part of it, unless the pattern says <c>^</c> or <c>$</c>.</param>
    /// <param name="character">How a character of a set is written; as itself where null.</param>
    /// <exception cref="GrammarException">The pattern is malformed or goes beyond what is supported.</exception>
    public static Expression Parse(string pattern, string where, bool anchored, Func<CodePointSet, Expression>? character = null)
    {
        PatternParser parser = new(pattern, where, character ?? (set => new Character(set)));
        Expression body = parser.Alternatives(atTop: true, anchored);
        if (parser._position < parser._pattern.Length) throw parser.Error("unmatched ')'");
        return body;
    }

    private int Peek(int ahead = 0) => _position + ahead < _pattern.Length ? _pattern[_position + ahead] : -1;

    private bool Accept(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (Peek(i) != text[i]) return false;
        }

        _position += text.Length;
        return true;
    }

    private int Take() => _position < _pattern.Length ? _pattern[_position++] : throw Error("it ends too early");

    private GrammarException Error(string what) => new(_where, $"regular expression, character {_position + 1}: {what}");

    private Expression Alternatives(bool atTop, bool anchored)
    {
        if (++_depth > GrammarLimits.Depth) throw Error($"groups nest over {GrammarLimits.Depth} deep");
        List<Expression> items = [Concatenation(atTop, anchored)];
        while (Accept("|")) items.Add(Concatenation(atTop, anchored));
        _depth--;
        return Expression.Any(items);
    }

    private Expression Concatenation(bool atTop, bool anchored)
    {
        List<Expression> items = [];
        bool fromStart = anchored, toEnd = anchored;
        if (atTop && Accept("^")) fromStart = true;
        while (Peek() is not (-1 or '|' or ')'))
        {
            if (atTop && Peek() == '$' && Peek(1) is -1 or '|')
            {
                Take();
                toEnd = true;
                break;
            }

            items.Add(Quantified());
        }

        if (!atTop) return Expression.Of([.. items]);
        Expression any = _character(CodePointSet.All).Many();
        if (!fromStart) items.Insert(0, any);
        if (!toEnd) items.Add(any);
        return Expression.Of([.. items]);
    }

    private Expression Quantified()
    {
        Expression item = Atom();
        while (true)
        {
            int least = 0;
            int? most = null;
            if (Accept("*")) { }
            else if (Accept("+")) least = 1;
            else if (Accept("?")) most = 1;
            else if (Peek() == '{' && Peek(1) is >= '0' and <= '9') (least, most) = Counts();
            else return item;
            if (!Accept("?") && Peek() == '+') throw Error("possessive quantifiers are not supported");
            item = item.Many(least, most);
        }
    }

    private (int Least, int? Most) Counts()
    {
        Take();
        int least = Number() ?? 0;
        int? most = least;
        if (Accept(",")) most = Number();
        if (!Accept("}")) throw Error("'}' expected");
        return most < least ? throw Error("the counts are out of order") : (least, most);
    }

    private int? Number()
    {
        long? value = null;
        while (Peek() is >= '0' and <= '9') value = Math.Min((value ?? 0) * 10 + Take() - '0', MostCopies + 1);
        return value > MostCopies ? throw Error($"counts go to {MostCopies:N0}") : (int?)value;
    }

    private Expression Atom()
    {
        int c = Take();
        switch (c)
        {
            case '(': return Group();
            case '[': return _character(Class());
            case '.': return _character(CodePointSet.AnyOf("\n\r\u2028\u2029").Negate());
            case '\\': return _character(PatternClasses.Named((char)Peek()) is { } named ? TakeAnd(named) : Peek() is 'p' or 'P' ? Property() : CodePointSet.Single(Escaped(inClass: false)));
            case '^' or '$': throw Error($"'{(char)c}' is supported at the pattern's ends only");
            case '*' or '+' or '?': throw Error($"nothing to repeat before '{(char)c}'");
            default: return _character(CodePointSet.Single(c));
        }
    }

    private CodePointSet TakeAnd(CodePointSet set)
    {
        Take();
        return set;
    }

    private Expression Group()
    {
        if (Accept("?:")) { }
        else if (Peek() == '?' && Peek(1) == '<' && Peek(2) is not ('=' or '!'))
        {
            while (Take() != '>') { }
        }
        else if (Peek() == '?') throw Error("look-around and inline options are not supported");
        Expression body = Alternatives(atTop: false, anchored: true);
        return Accept(")") ? body : throw Error("')' expected");
    }

    private CodePointSet Class()
    {
        CodePointSet set = CodePointSet.Empty;
        List<(int, int)> ranges = [];
        bool negated = Accept("^");
        while (Peek() != ']')
        {
            if (ClassItem(out int low) is { } named)
            {
                set = set.Union(named);
                continue;
            }

            int high = low;
            if (Peek() == '-' && Peek(1) is not (']' or -1))
            {
                Take();
                if (ClassItem(out high) is not null) throw Error("a range ends in a class");
                if (high < low) throw Error("a range is out of order");
            }

            ranges.Add((low, high));
        }

        Take();
        set = set.Union(CodePointSet.Of(ranges));
        return negated ? set.Negate() : set;
    }

    /// <summary>A named class, or null and a character.</summary>
    private CodePointSet? ClassItem(out int character)
    {
        character = Take();
        if (character != '\\') return null;
        if (PatternClasses.Named((char)Peek()) is { } named) return TakeAnd(named);
        if (Peek() is 'p' or 'P') return Property();
        character = Escaped(inClass: true);
        return null;
    }

    private CodePointSet Property()
    {
        bool negated = Take() == 'P';
        if (!Accept("{")) throw Error("'{' expected after \\p");
        StringBuilder name = new();
        while (Peek() is not ('}' or -1)) name.Append(char.ConvertFromUtf32(Take()));
        Take();
        CodePointSet set = PatternClasses.Property(name.ToString()) ?? throw Error($"the property '{name}' is not supported; general categories such as L, Lu or Nd are");
        return negated ? set.Negate() : set;
    }

    private int Escaped(bool inClass)
    {
        int c = Take();
        switch (c)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'b' when inClass: return '\b';
            case '0' when Peek() is not (>= '0' and <= '9'): return 0;
            case 'x': return Hexadecimal(2, 2);
            case 'u': return Accept("{") ? Hexadecimal(1, 6, braced: true) : CodeUnits();
            case < 128 when char.IsAsciiLetterOrDigit((char)c): throw Error($"'\\{(char)c}' is not supported");
            default: return c;
        }
    }

    private int CodeUnits()
    {
        int unit = Hexadecimal(4, 4);
        if (!char.IsSurrogate((char)unit)) return unit;
        if (!Accept("\\u")) throw Error("a surrogate stands alone");
        int low = Hexadecimal(4, 4);
        return char.IsSurrogatePair((char)unit, (char)low) ? char.ConvertToUtf32((char)unit, (char)low) : throw Error("a surrogate stands alone");
    }

    private int Hexadecimal(int least, int most, bool braced = false)
    {
        StringBuilder digits = new();
        while (digits.Length < most && Peek() is >= 0 and < 128 && char.IsAsciiHexDigit((char)Peek())) digits.Append((char)Take());
        if (digits.Length < least || (braced && !Accept("}"))) throw Error("malformed hexadecimal escape");
        int value = int.Parse(digits.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return value <= 0x10FFFF ? value : throw Error("there is no such code point");
    }
}
