using System.Globalization;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Parses the regular expressions of pre-tokenizers (the Oniguruma spelling that tokenizer.json files use).</summary>
/// <remarks>
/// Not supported, because they cannot run in linear time or no known tokenizer needs them: back references, look-behind,
/// look-ahead over more than one character, atomic groups, <c>^</c> and <c>\b</c>.
/// </remarks>
internal sealed class RegexParser
{
    private const int MaximumDepth = 100;
    private const int MaximumRepeat = 1000;

    private readonly int[] _pattern;
    private readonly string _source;
    private int _position;
    private int _depth;
    private bool _ignoreCase;

    private RegexParser(string pattern)
    {
        _source = pattern;
        _pattern = pattern.EnumerateRunes().Select(rune => rune.Value).ToArray();
    }

    /// <exception cref="NotSupportedException">The pattern is malformed or goes beyond what is supported; the message says where.</exception>
    public static RegexNode Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        RegexNode node = parser.Alternatives();
        if (parser._position < parser._pattern.Length) throw parser.Error("unmatched ')'");
        return node;
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

    private int Take()
    {
        if (_position >= _pattern.Length) throw Error("it ends too early");
        return _pattern[_position++];
    }

    private NotSupportedException Error(string what) =>
        new($"regular expression \"{(_source.Length > 200 ? _source[..200] + "…" : _source)}\": {what} at character {_position}");

    private RegexNode Alternatives()
    {
        if (++_depth > MaximumDepth) throw Error("nested too deeply");
        var items = new List<RegexNode> { Concatenation() };
        while (Accept("|")) items.Add(Concatenation());
        _depth--;
        return items.Count == 1 ? items[0] : new RegexNode.Alternation(items);
    }

    private RegexNode Concatenation()
    {
        var items = new List<RegexNode>();
        while (Peek() is not (-1 or '|' or ')')) items.Add(Quantified());
        return items.Count == 1 ? items[0] : new RegexNode.Sequence(items);
    }

    private RegexNode Quantified()
    {
        RegexNode node = Atom();
        while (true)
        {
            int minimum, maximum;
            bool counted = false;
            if (Accept("*")) (minimum, maximum) = (0, -1);
            else if (Accept("+")) (minimum, maximum) = (1, -1);
            else if (Accept("?")) (minimum, maximum) = (0, 1);
            else if (Peek() == '{' && Peek(1) is (>= '0' and <= '9') or ',')
            {
                (minimum, maximum) = Counts();
                counted = true;
            }
            else return node;
            bool lazy = Accept("?");
            // Oniguruma reads X{n,m}+ as (X{n,m})+, and only ?+ *+ ++ as possessive.
            bool possessive = !lazy && !counted && Accept("+");
            RegexNode repeat = new RegexNode.Repeat(node, minimum, maximum, lazy);
            node = possessive ? Possessive(node, repeat, optional: maximum == 1) : repeat;
        }
    }

    /// <summary>A run of one set that gives nothing back is a run that no character of the set follows.</summary>
    private RegexNode Possessive(RegexNode item, RegexNode repeat, bool optional)
    {
        if (item is not RegexNode.Set set) throw Error("possessive quantifiers are supported after one character or class only");
        var over = new RegexNode.LookAhead(set.Characters, Negated: true);
        return optional ? new RegexNode.Alternation([item, over]) : new RegexNode.Sequence([repeat, over]);
    }

    private (int Minimum, int Maximum) Counts()
    {
        Take();
        int minimum = Number() ?? 0;
        int maximum = minimum;
        if (Accept(",")) maximum = Number() ?? -1;
        if (!Accept("}")) throw Error("'}' expected");
        if (minimum > MaximumRepeat || maximum > MaximumRepeat) throw Error($"more than {MaximumRepeat} repeats");
        if (maximum >= 0 && maximum < minimum) throw Error("repeat counts out of order");
        return (minimum, maximum);
    }

    private int? Number()
    {
        int? value = null;
        while (Peek() is >= '0' and <= '9') value = Math.Min((value ?? 0) * 10 + Take() - '0', 1_000_000);
        return value;
    }

    private RegexNode Atom()
    {
        int c = Take();
        switch (c)
        {
            case '(': return Group();
            case '[': return new RegexNode.Set(Class());
            case '.': return new RegexNode.Set(Negate(CharacterSet.Of(('\n', '\n'))));
            case '$': return new RegexNode.LookAhead(Negate(CharacterSet.Of(('\n', '\n'))), Negated: true);
            case '\\' when Peek() == 'z':
                Take();
                return new RegexNode.LookAhead(Negate(new CharacterSet()), Negated: true);
            case '\\': return new RegexNode.Set(EscapedSet() ?? Literal(EscapedCharacter()));
            case '^' or '*' or '+' or '?': throw Error($"'{(char)c}' is not supported here");
            default: return new RegexNode.Set(Literal(c));
        }
    }

    private CharacterSet Literal(int codePoint)
    {
        var set = new CharacterSet();
        set.AddLiteral(codePoint, _ignoreCase);
        return set;
    }

    private static CharacterSet Negate(CharacterSet set)
    {
        set.Negated = !set.Negated;
        return set;
    }

    private RegexNode Group()
    {
        bool outer = _ignoreCase;
        bool? lookAhead = null;
        if (Accept("?:")) { }
        else if (Accept("?i:")) _ignoreCase = true;
        else if (Accept("?i)"))
        {
            _ignoreCase = true;
            return new RegexNode.Sequence([]);
        }
        else if (Accept("?=")) lookAhead = false;
        else if (Accept("?!")) lookAhead = true;
        else if (Peek() == '?') throw Error("this kind of group is not supported");
        RegexNode body = Alternatives();
        if (!Accept(")")) throw Error("')' expected");
        _ignoreCase = outer;
        if (lookAhead is not { } negated) return body;
        return new RegexNode.LookAhead(SingleSet(body) ?? throw Error("look-ahead over more than one character is not supported"), negated);
    }

    private static CharacterSet? SingleSet(RegexNode node)
    {
        if (node is RegexNode.Set set) return set.Characters;
        if (node is not RegexNode.Alternation alternation) return null;
        var union = new CharacterSet();
        foreach (RegexNode item in alternation.Items)
        {
            if (SingleSet(item) is not { } part) return null;
            union.Add(part);
        }

        return union;
    }

    private CharacterSet Class()
    {
        if (++_depth > MaximumDepth) throw Error("nested too deeply");
        var result = new CharacterSet();
        CharacterSet current = result;
        bool negated = Accept("^");
        bool first = true;
        while (first || Peek() != ']')
        {
            if (Accept("&&"))
            {
                current = new CharacterSet();
                result.IntersectWith(current);
                continue;
            }

            ClassItem(current);
            first = false;
        }

        Take();
        _depth--;
        result.Negated = negated;
        return result;
    }

    private void ClassItem(CharacterSet into)
    {
        int c = Take();
        if (c == '[')
        {
            if (Peek() == ':') throw Error("POSIX brackets are not supported");
            into.Add(Class());
            return;
        }

        if (c == '\\')
        {
            if (EscapedSet() is { } set)
            {
                into.Add(set);
                return;
            }

            c = EscapedCharacter();
        }

        if (Peek() != '-' || Peek(1) is ']' or -1)
        {
            into.AddLiteral(c, _ignoreCase);
            return;
        }

        Take();
        int high = Take();
        if (high == '\\') high = EscapedCharacter();
        if (high < c) throw Error("range out of order");
        into.AddRange(c, high);
    }

    /// <summary>The set that an escape names, or null (nothing taken) where it names one character.</summary>
    private CharacterSet? EscapedSet()
    {
        switch (Peek())
        {
            case 's': Take(); return CharacterSet.WhiteSpace();
            case 'S': Take(); return Negate(CharacterSet.WhiteSpace());
            case 'd': Take(); return CharacterSet.Digits();
            case 'D': Take(); return Negate(CharacterSet.Digits());
            case 'w': Take(); return CharacterSet.WordCharacters();
            case 'W': Take(); return Negate(CharacterSet.WordCharacters());
            case 'p' or 'P':
                bool negated = Take() == 'P';
                string name = ((char)Take()).ToString();
                if (name == "{")
                {
                    var text = new StringBuilder();
                    while (Peek() is not ('}' or -1)) text.Append(char.ConvertFromUtf32(Take()));
                    Take();
                    name = text.ToString();
                }

                if (name.StartsWith('^')) (negated, name) = (!negated, name[1..]);
                CharacterSet set = CharacterSet.Property(name) ?? throw Error($"the property '{name}' is not supported");
                return negated ? Negate(set) : set;
            default: return null;
        }
    }

    private int EscapedCharacter()
    {
        int c = Take();
        switch (c)
        {
            case 'r': return '\r';
            case 'n': return '\n';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'e': return 0x1B;
            case 'x': return Accept("{") ? Hexadecimal(1, 6, braced: true) : Hexadecimal(1, 2, braced: false);
            case 'u': return Hexadecimal(4, 4, braced: false);
            default:
                if (c < 128 && char.IsAsciiLetterOrDigit((char)c)) throw Error($"'\\{(char)c}' is not supported");
                return c;
        }
    }

    private int Hexadecimal(int minimum, int maximum, bool braced)
    {
        var digits = new StringBuilder();
        while (digits.Length < maximum && Peek() is >= 0 and < 128 && char.IsAsciiHexDigit((char)Peek())) digits.Append((char)Take());
        if (digits.Length < minimum || (braced && !Accept("}"))) throw Error("malformed hexadecimal escape");
        int value = int.Parse(digits.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return value <= 0x10FFFF ? value : throw Error("code point out of range");
    }
}
