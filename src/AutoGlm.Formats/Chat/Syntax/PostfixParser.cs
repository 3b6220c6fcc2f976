using System.Text;

namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>Parses the tightest parts of an expression: literals and names, and what follows them.</summary>
internal sealed class PostfixParser(TokenStream tokens)
{
    public Expression ParsePrimary(ExpressionParser expressions)
    {
        Token token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name: return NameOrConstant(token);
            case TokenKind.String: return new LiteralExpression(token.Line, Join(token));
            case TokenKind.Integer or TokenKind.Float: return new LiteralExpression(token.Line, token.Value);
            case TokenKind.Operator when token.Text == "[": return ParseList(expressions, token.Line);
            case TokenKind.Operator when token.Text == "{": return ParseDict(expressions, token.Line);
            case TokenKind.Operator when token.Text == "(":
                tokens.Enter();
                Expression inner = expressions.ParseTuple(allowEmpty: true);
                tokens.ExpectOperator(")");
                tokens.Leave();
                return inner;
            default: throw TemplateError.Syntax(token.Line, $"unexpected {token.Describe()}, expected an expression");
        }
    }

    /// <summary><c>.name</c>, <c>[index]</c> and <c>(arguments)</c>, as often as they come.</summary>
    public Expression ParsePostfix(ExpressionParser expressions, Expression owner)
    {
        while (true)
        {
            int line = tokens.Line;
            if (tokens.SkipOperator(".")) owner = ParseAttribute(owner, line);
            else if (tokens.SkipOperator("[")) owner = ParseSubscript(expressions, owner, line);
            else if (tokens.Current.IsOperator("(")) owner = new CallExpression(line, owner, ParseArguments(expressions));
            else return owner;
        }
    }

    public Expression ParseFiltersAndTests(ExpressionParser expressions, Expression input)
    {
        while (true)
        {
            int line = tokens.Line;
            if (tokens.SkipOperator("|")) input = ParseFilter(expressions, input);
            else if (tokens.SkipName("is")) input = ParseTest(expressions, input, line);
            else if (tokens.Current.IsOperator("(")) input = new CallExpression(line, input, ParseArguments(expressions));
            else return input;
        }
    }

    /// <summary>A filter's name and arguments, the <c>|</c> being read.</summary>
    public FilterExpression ParseFilter(ExpressionParser expressions, Expression? input)
    {
        int line = tokens.Line;
        string name = DottedName();
        ArgumentList arguments = tokens.Current.IsOperator("(") ? ParseArguments(expressions) : ArgumentList.Empty;
        return new FilterExpression(line, input, name, arguments);
    }

    private Expression ParseTest(ExpressionParser expressions, Expression input, int line)
    {
        bool negated = tokens.SkipName("not");
        string name = DottedName();
        ArgumentList arguments = ArgumentList.Empty;
        if (tokens.Current.IsOperator("(")) arguments = ParseArguments(expressions);
        else if (StartsTestArgument())
        {
            if (tokens.Current.IsName("is")) throw TemplateError.Syntax(tokens.Line, "tests cannot be chained with is");
            Expression argument = ParsePostfix(expressions, ParsePrimary(expressions));
            arguments = new ArgumentList([argument], [], null, null);
        }

        var test = new TestExpression(line, input, name, arguments);
        return negated ? new NotExpression(line, test) : test;
    }

    private bool StartsTestArgument() => tokens.Current.Kind switch
    {
        TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => tokens.Current.Text is "[" or "{",
        _ => false,
    };

    private string DottedName()
    {
        string name = tokens.ExpectName();
        while (tokens.SkipOperator(".")) name += "." + tokens.ExpectName();
        return name;
    }

    private Expression NameOrConstant(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True": return new LiteralExpression(token.Line, true);
            case "false" or "False": return new LiteralExpression(token.Line, false);
            case "none" or "None": return new LiteralExpression(token.Line, null);
            default:
                tokens.Names.Add(token.Text);
                return new NameExpression(token.Line, token.Text);
        }
    }

    /// <summary>Strings side by side are one.</summary>
    private string Join(Token first)
    {
        if (tokens.Current.Kind != TokenKind.String) return first.Text;
        var text = new StringBuilder(first.Text);
        while (tokens.Current.Kind == TokenKind.String) text.Append(tokens.Take().Text);
        return text.ToString();
    }

    private ListExpression ParseList(ExpressionParser expressions, int line)
    {
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            items.Add(expressions.Parse());
            if (!tokens.SkipOperator(",")) break;
        }

        tokens.ExpectOperator("]");
        return new ListExpression(line, items);
    }

    private DictExpression ParseDict(ExpressionParser expressions, int line)
    {
        var entries = new List<(Expression, Expression)>();
        while (!tokens.Current.IsOperator("}"))
        {
            Expression key = expressions.Parse();
            tokens.ExpectOperator(":");
            entries.Add((key, expressions.Parse()));
            if (!tokens.SkipOperator(",")) break;
        }

        tokens.ExpectOperator("}");
        return new DictExpression(line, entries);
    }

    private Expression ParseAttribute(Expression owner, int line)
    {
        Token member = tokens.Take();
        return member.Kind switch
        {
            TokenKind.Name => new AttributeExpression(line, owner, member.Text),
            TokenKind.Integer => new ItemExpression(line, owner, new LiteralExpression(line, member.Value)),
            _ => throw TemplateError.Syntax(member.Line, $"unexpected {member.Describe()}, expected a name or number after '.'"),
        };
    }

    private Expression ParseSubscript(ExpressionParser expressions, Expression owner, int line)
    {
        Expression? start = tokens.Current.IsOperator(":") ? null : expressions.Parse();
        if (start is not null && !tokens.Current.IsOperator(":")) return FinishIndex(expressions, owner, start, line);
        tokens.ExpectOperator(":");
        Expression? stop = AtSliceEnd() ? null : expressions.Parse();
        Expression? step = tokens.SkipOperator(":") && !AtSliceEnd() ? expressions.Parse() : null;
        tokens.ExpectOperator("]");
        return new SliceExpression(line, owner, start, stop, step);
    }

    /// <summary>One index, or several that make a tuple.</summary>
    private ItemExpression FinishIndex(ExpressionParser expressions, Expression owner, Expression first, int line)
    {
        var indices = new List<Expression> { first };
        while (tokens.SkipOperator(",") && !tokens.Current.IsOperator("]")) indices.Add(expressions.Parse());
        tokens.ExpectOperator("]");
        return new ItemExpression(line, owner, indices.Count == 1 ? first : new TupleExpression(line, indices));
    }

    private bool AtSliceEnd() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]");

    private ArgumentList ParseArguments(ExpressionParser expressions)
    {
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? extraPositional = null, extraNamed = null;
        int line = tokens.Line;
        tokens.ExpectOperator("(");
        while (!tokens.Current.IsOperator(")"))
        {
            bool inOrder;
            if (tokens.SkipOperator("*"))
            {
                inOrder = extraPositional is null && extraNamed is null;
                extraPositional = expressions.Parse();
            }
            else if (tokens.SkipOperator("**"))
            {
                inOrder = extraNamed is null;
                extraNamed = expressions.Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Next.IsOperator("="))
            {
                inOrder = extraNamed is null;
                string name = tokens.ExpectName();
                tokens.ExpectOperator("=");
                named.Add((name, expressions.Parse()));
            }
            else
            {
                inOrder = extraPositional is null && extraNamed is null && named.Count == 0;
                positional.Add(expressions.Parse());
            }

            if (!inOrder) throw TemplateError.Syntax(line, "arguments of a call are out of order: plain ones come first, then *, named, **");
            if (!tokens.SkipOperator(",")) break;
        }

        tokens.ExpectOperator(")");
        return positional.Count + named.Count == 0 && extraPositional is null && extraNamed is null
            ? ArgumentList.Empty
            : new ArgumentList(positional, named, extraPositional, extraNamed);
    }
}
