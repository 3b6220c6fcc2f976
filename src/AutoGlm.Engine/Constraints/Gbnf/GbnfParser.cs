using System.Globalization;
using System.Text;
using AutoGlm.Engine.Constraints.Automata;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Gbnf;

/// <summary>
/// Reads llama.cpp's grammars: rules <c>name ::= …</c> with alternatives, groups, "texts", [classes], <c>.</c>, <c>* + ? {m,n}</c>,
/// comments from <c>#</c>, and the escapes <c>\n \r \t \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH</c>. The rule <c>root</c> is the whole.
/// </summary>
internal sealed class GbnfParser
{
    private const int MostCopies = 1_000_000;

    private readonly int[] _source;
    private readonly Dictionary<string, Rule> _rules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _defined = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _firstUse = new(StringComparer.Ordinal);
    private int _position;
    private int _depth;

    private GbnfParser(string source)
    {
        if (source.Length > GrammarLimits.SourceLength) throw new GrammarException("grammar", $"it is longer than {GrammarLimits.SourceLength:N0} characters");
        _source = [.. source.EnumerateRunes().Select(rune => rune.Value)];
    }

    /// <exception cref="GrammarException">The grammar is malformed; the message names line and column.</exception>
    public static Expression Parse(string source)
    {
        GbnfParser parser = new(source);
        parser.Rules();
        return new RuleCall(parser._rules["root"]);
    }

    private void Rules()
    {
        for (Skip(lines: true); _position < _source.Length; Skip(lines: true))
        {
            int start = _position;
            string name = Name() ?? throw Error(_position, "the name of a rule expected");
            Skip(lines: false);
            if (!Accept("::=")) throw Error(_position, "'::=' expected");
            Skip(lines: true);
            if (!_defined.TryAdd(name, start)) throw Error(start, $"the rule '{name}' is there twice");
            RuleOf(name, start).Body = Alternatives(inGroup: false);
            Skip(lines: false);
            if (_position < _source.Length && Peek() is not ('\n' or '\r')) throw Error(_position, "the end of the line expected");
        }

        if (!_defined.ContainsKey("root")) throw new GrammarException("grammar", "it has no rule 'root'");
        foreach ((string name, int use) in _firstUse)
        {
            if (!_defined.ContainsKey(name)) throw Error(use, $"there is no rule '{name}'");
        }
    }

    private Rule RuleOf(string name, int use)
    {
        _firstUse.TryAdd(name, use);
        if (!_rules.TryGetValue(name, out Rule? rule)) _rules[name] = rule = new Rule(name);
        return rule;
    }

    private Expression Alternatives(bool inGroup)
    {
        if (++_depth > GrammarLimits.Depth) throw Error(_position, $"groups nest over {GrammarLimits.Depth} deep");
        List<Expression> items = [Items(inGroup)];
        while (Accept("|"))
        {
            Skip(lines: true);
            items.Add(Items(inGroup));
        }

        _depth--;
        return Expression.Any(items);
    }

    private Expression Items(bool inGroup)
    {
        List<Expression> items = [];
        for (; ; Skip(inGroup))
        {
            Expression? item = Item();
            if (item is null) return Expression.Of([.. items]);
            items.Add(Repeated(item));
        }
    }

    private Expression? Item()
    {
        int start = _position;
        switch (Peek())
        {
            case '"':
                _position++;
                return Expression.Text(Text());
            case '[':
                _position++;
                return new Character(Class());
            case '.':
                _position++;
                return new Character(CodePointSet.All);
            case '(':
                _position++;
                Skip(lines: true);
                Expression group = Alternatives(inGroup: true);
                if (!Accept(")")) throw Error(_position, "')' expected");
                return group;
            default:
                return Name() is { } name ? new RuleCall(RuleOf(name, start)) : null;
        }
    }

    private Expression Repeated(Expression item)
    {
        while (true)
        {
            if (Accept("*")) item = item.Many();
            else if (Accept("+")) item = item.Many(1);
            else if (Accept("?")) item = item.Optional();
            else if (Accept("{")) item = Counted(item);
            else return item;
        }
    }

    private Expression Counted(Expression item)
    {
        Skip(lines: false);
        int least = Number() ?? throw Error(_position, "a count expected");
        int? most = least;
        Skip(lines: false);
        if (Accept(","))
        {
            Skip(lines: false);
            most = Number();
            Skip(lines: false);
        }

        if (!Accept("}")) throw Error(_position, "'}' expected");
        return most < least ? throw Error(_position, "the counts are out of order") : item.Many(least, most);
    }

    private int? Number()
    {
        long? value = null;
        for (; Peek() is >= '0' and <= '9'; _position++) value = Math.Min((value ?? 0) * 10 + Peek() - '0', MostCopies + 1);
        return value > MostCopies ? throw Error(_position, $"counts go to {MostCopies:N0}") : (int?)value;
    }

    private string Text()
    {
        StringBuilder text = new();
        while (!Accept("\"")) text.Append(char.ConvertFromUtf32(Character('"')));
        return text.ToString();
    }

    private CodePointSet Class()
    {
        bool negated = Accept("^");
        List<(int, int)> ranges = [];
        while (!Accept("]"))
        {
            int low = Character(']'), high = low;
            if (Peek() == '-' && Peek(1) is not (']' or -1))
            {
                _position++;
                high = Character(']');
                if (high < low) throw Error(_position, "a range is out of order");
            }

            ranges.Add((low, high));
        }

        CodePointSet set = CodePointSet.Of(ranges);
        return negated ? set.Negate() : set;
    }

    private int Character(char close)
    {
        int start = _position, c = Peek();
        if (c is -1 or '\n') throw Error(start, $"'{close}' expected before the end of the line");
        _position++;
        if (c != '\\') return c;
        c = Peek();
        _position++;
        return c switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => Hexadecimal(2),
            'u' => Hexadecimal(4),
            'U' => Hexadecimal(8),
            '\\' or '"' or '[' or ']' or '-' or '^' => c,
            _ => throw Error(start, "this escape is not supported"),
        };
    }

    private int Hexadecimal(int digits)
    {
        int start = _position;
        StringBuilder text = new();
        for (; text.Length < digits && Peek() is >= 0 and < 128 && char.IsAsciiHexDigit((char)Peek()); _position++) text.Append((char)Peek());
        bool isNumber = uint.TryParse(text.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint value);
        if (text.Length < digits || !isNumber || !Rune.IsValid((int)Math.Min(value, int.MaxValue))) throw Error(start, $"{digits} hexadecimal digits of a code point expected");
        return (int)value;
    }

    private string? Name()
    {
        int start = _position;
        while (Peek() is >= 0 and < 128 && (char.IsAsciiLetterOrDigit((char)Peek()) || Peek() is '-' or '_')) _position++;
        return _position == start ? null : string.Concat(_source[start.._position].Select(c => (char)c));
    }

    /// <summary>Skips blanks and comments, and line ends where they do not matter.</summary>
    private void Skip(bool lines)
    {
        while (true)
        {
            if (Peek() is ' ' or '\t' || (lines && (Peek() is '\n' or '\r'))) _position++;
            else if (Peek() == '#') while (Peek() is not ('\n' or '\r' or -1)) _position++;
            else return;
        }
    }

    private bool Accept(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (Peek(i) != text[i]) return false;
        }

        _position += text.Length;
        return true;
    }

    private int Peek(int ahead = 0) => _position + ahead < _source.Length ? _source[_position + ahead] : -1;

    private GrammarException Error(int position, string what)
    {
        int[] before = _source[..Math.Min(position, _source.Length)];
        int line = before.Count(c => c == '\n') + 1, column = before.Length - Array.LastIndexOf(before, '\n');
        return new GrammarException($"grammar, line {line}, column {column}", what);
    }
}
