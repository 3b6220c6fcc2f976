using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>
/// Cuts a template into tokens, with Jinja2's whitespace control: <c>-</c> and <c>+</c> signs, trim_blocks (the newline after a
/// block tag goes) and lstrip_blocks (blanks before a block tag that starts a line go); one newline at the very end goes.
/// </summary>
internal sealed class Lexer
{
    private static readonly string[] s_operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;

    /// <summary>The last tag or text ended with a newline, so that blanks before the next tag start a line.</summary>
    private bool _lineStarting = true;

    private Lexer(string source)
    {
        string lines = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = lines.EndsWith('\n') ? lines[..^1] : lines;
    }

    public static List<Token> Tokenize(string source)
    {
        var lexer = new Lexer(source);
        while (lexer._position < lexer._source.Length) lexer.ReadTextAndTag();
        lexer._tokens.Add(new Token(TokenKind.End, "", lexer._line));
        return lexer._tokens;
    }

    private void ReadTextAndTag()
    {
        int tag = FindTag(_position);
        if (tag < 0)
        {
            AddData(_source[_position..], _line);
            Advance(_source.Length);
            return;
        }

        char kind = _source[tag + 1];
        int afterTag = tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? tag + 3 : tag + 2;
        char sign = afterTag == tag + 3 ? _source[tag + 2] : ' ';
        AddData(StripBefore(_source[_position..tag], sign, lstrip: kind != '{'), _line);
        Advance(afterTag);
        _lineStarting = false;
        if (kind == '#') ReadComment();
        else if (kind == '%' && RawBeginEnd(afterTag) is > 0 and int body) ReadRaw(body);
        else ReadTag(kind == '%');
    }

    private int FindTag(int from)
    {
        for (int at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#') return at;
        }

        return -1;
    }

    /// <summary>What is left of the text before a tag.</summary>
    private string StripBefore(string text, char sign, bool lstrip)
    {
        if (sign == '-') return PythonText.TrimEnd(text);
        if (sign == '+' || !lstrip) return text;
        int lineStart = text.LastIndexOf('\n') + 1;
        return (lineStart > 0 || _lineStarting) && PythonText.IsBlank(text.AsSpan(lineStart)) ? text[..lineStart] : text;
    }

    private void ReadComment()
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0) throw TemplateError.Syntax(_line, "a comment {# … without its #}");
        char sign = end > _position ? _source[end - 1] : ' ';
        FinishTag(end + 2, sign, trimNewline: true);
    }

    /// <summary>Position after <c>{% raw %}</c> where the tag that starts here is one, else -1.</summary>
    private int RawBeginEnd(int at)
    {
        at = SkipBlanks(at);
        if (string.CompareOrdinal(_source, at, "raw", 0, 3) != 0) return -1;
        at = SkipBlanks(at + 3);
        if (string.CompareOrdinal(_source, at, "-%}", 0, 3) == 0) return SkipBlanks(at + 3);
        return string.CompareOrdinal(_source, at, "%}", 0, 2) == 0 ? at + 2 : -1;
    }

    private void ReadRaw(int body)
    {
        int started = _line;
        Advance(body);
        _lineStarting = _source[body - 1] == '\n';
        for (int at = body; (at = _source.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            int word = at + 2;
            char sign = word < _source.Length && _source[word] is '-' or '+' ? _source[word++] : ' ';
            word = SkipBlanks(word);
            if (string.CompareOrdinal(_source, word, "endraw", 0, 6) != 0) continue;
            int end = SkipBlanks(word + 6);
            char endSign = end < _source.Length ? _source[end] : ' ';
            if (endSign is '-' or '+') end++;
            if (string.CompareOrdinal(_source, end, "%}", 0, 2) != 0) continue;
            AddData(StripBefore(_source[body..at], sign, lstrip: true), _line);
            FinishTag(end + 2, endSign, trimNewline: true);
            return;
        }

        throw TemplateError.Syntax(started, "a raw block without its endraw");
    }

    /// <summary>The tokens of <c>{{ … }}</c> or <c>{% … %}</c>, up to and with its end.</summary>
    private void ReadTag(bool block)
    {
        int started = _line;
        var brackets = new Stack<char>();
        string end = block ? "%}" : "}}";
        Add(block ? TokenKind.BlockBegin : TokenKind.VariableBegin, "");
        while (_position < _source.Length)
        {
            if (PythonText.IsSpace(_source[_position]))
            {
                Advance(SkipBlanks(_position));
                continue;
            }

            char sign = _source[_position] is '-' || (block && _source[_position] is '+') ? _source[_position] : ' ';
            int at = sign == ' ' ? _position : _position + 1;
            if (brackets.Count == 0 && string.CompareOrdinal(_source, at, end, 0, 2) == 0)
            {
                Add(block ? TokenKind.BlockEnd : TokenKind.VariableEnd, "");
                FinishTag(at + 2, sign, trimNewline: block);
                return;
            }

            ReadToken(brackets);
        }

        throw TemplateError.Syntax(started, $"a tag {(block ? "{%" : "{{")} … without its {end}");
    }

    private void ReadToken(Stack<char> brackets)
    {
        char first = _source[_position];
        if (first is '\'' or '"')
        {
            ReadString(first);
            return;
        }

        bool afterDot = _position > 0 && _source[_position - 1] == '.';
        if (NumberLiteral.TryRead(_source.AsSpan(_position), afterDot, _line, out int length, out object number))
        {
            Add(number is double ? TokenKind.Float : TokenKind.Integer, _source.Substring(_position, length), number);
            Advance(_position + length);
            return;
        }

        if (char.IsLetter(first) || first == '_')
        {
            int end = _position + 1;
            while (end < _source.Length && (char.IsLetterOrDigit(_source[end]) || _source[end] == '_')) end++;
            Add(TokenKind.Name, _source[_position..end]);
            Advance(end);
            return;
        }

        ReadOperator(brackets);
    }

    private void ReadString(char quote)
    {
        int end = _position + 1;
        while (end < _source.Length && _source[end] != quote) end += _source[end] == '\\' ? 2 : 1;
        if (end >= _source.Length) throw TemplateError.Syntax(_line, $"a string without its closing {quote}");
        Add(TokenKind.String, StringLiteral.Decode(_source.AsSpan(_position + 1, end - _position - 1), _line));
        Advance(end + 1);
    }

    private void ReadOperator(Stack<char> brackets)
    {
        string? symbol = Array.Find(s_operators, candidate => string.CompareOrdinal(_source, _position, candidate, 0, candidate.Length) == 0);
        if (symbol is null) throw TemplateError.Syntax(_line, $"unexpected character '{_source[_position]}'");
        switch (symbol)
        {
            case "(": brackets.Push(')'); break;
            case "[": brackets.Push(']'); break;
            case "{": brackets.Push('}'); break;
            case ")" or "]" or "}":
                if (!brackets.TryPop(out char expected)) throw TemplateError.Syntax(_line, $"unexpected '{symbol}'");
                if (expected != symbol[0]) throw TemplateError.Syntax(_line, $"unexpected '{symbol}', expected '{expected}'");
                break;
        }

        Add(TokenKind.Operator, symbol);
        Advance(_position + symbol.Length);
    }

    /// <summary>Moves behind a tag that ends at <paramref name="end"/>, and over the blanks or the newline it takes with it.</summary>
    private void FinishTag(int end, char sign, bool trimNewline)
    {
        if (sign == '-') end = SkipBlanks(end);
        else if (sign != '+' && trimNewline && end < _source.Length && _source[end] == '\n') end++;
        Advance(end);
        _lineStarting = _source[end - 1] == '\n';
    }

    private int SkipBlanks(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at])) at++;
        return at;
    }

    private void Advance(int to)
    {
        _line += _source.AsSpan(_position, to - _position).Count('\n');
        _position = to;
    }

    private void AddData(string text, int line)
    {
        if (text.Length > 0) _tokens.Add(new Token(TokenKind.Data, text, line));
    }

    private void Add(TokenKind kind, string text, object? value = null) => _tokens.Add(new Token(kind, text, _line, value));
}
