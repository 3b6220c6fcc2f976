using System.Runtime.CompilerServices;

namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>Tokens under a cursor, with what both parsers share: expectations, nesting depth, and the names seen.</summary>
internal sealed class TokenStream(List<Token> tokens)
{
    private const int MaxNesting = 200;

    private int _position;
    private int _nesting;

    public Token Current => tokens[_position];

    public Token Next => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    public int Line => Current.Line;

    /// <summary>Every name read so far, in the order of the source.</summary>
    public List<string> Names { get; } = [];

    public Token Take() => Current.Kind == TokenKind.End ? Current : tokens[_position++];

    public bool SkipName(string name)
    {
        bool found = Current.IsName(name);
        if (found) _position++;
        return found;
    }

    public bool SkipOperator(string symbol)
    {
        bool found = Current.IsOperator(symbol);
        if (found) _position++;
        return found;
    }

    public void ExpectOperator(string symbol)
    {
        if (!SkipOperator(symbol)) throw Unexpected($"'{symbol}'");
    }

    public string ExpectName()
    {
        if (Current.Kind != TokenKind.Name) throw Unexpected("a name");
        return Take().Text;
    }

    public void Expect(TokenKind kind)
    {
        if (Current.Kind != kind) throw Unexpected(new Token(kind, "", 0).Describe());
        Take();
    }

    public TemplateError Unexpected(string wanted) => TemplateError.Syntax(Line, $"unexpected {Current.Describe()}, expected {wanted}");

    /// <summary>Goes one level deeper; a hostile template must not overflow the stack.</summary>
    public void Enter()
    {
        if (++_nesting > MaxNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateError(ChatTemplateErrorKind.Limit, $"blocks or expressions nest over {MaxNesting} deep") { Line = Line };
        }
    }

    public void Leave() => _nesting--;
}
