namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>Parses expressions; one method for each level of precedence, loosest first.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private static readonly string[] s_comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly PostfixParser _postfix = new(tokens);

    /// <summary>An expression, or a tuple without brackets.</summary>
    public Expression ParseTuple(bool conditional = true, bool allowEmpty = false, string? endName = null)
    {
        int line = tokens.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (!AtTupleEnd(endName))
        {
            items.Add(conditional ? Parse() : ParseOr());
            if (!tokens.SkipOperator(",")) break;
            isTuple = true;
        }

        if (!isTuple && items.Count == 1) return items[0];
        if (items.Count == 0 && !allowEmpty) throw tokens.Unexpected("an expression");
        return new TupleExpression(line, items);
    }

    public Expression Parse()
    {
        tokens.Enter();
        int line = tokens.Line;
        Expression expression = ParseOr();
        while (tokens.SkipName("if"))
        {
            Expression test = ParseOr();
            Expression? otherwise = tokens.SkipName("else") ? Parse() : null;
            expression = new ConditionalExpression(line, test, expression, otherwise);
        }

        tokens.Leave();
        return expression;
    }

    public FilterExpression ParseFilter(Expression? input) => _postfix.ParseFilter(this, input);

    public FilterExpression? ParseFilterChain(FilterExpression? input)
    {
        while (tokens.SkipOperator("|")) input = ParseFilter(input);
        return input;
    }

    public Expression ParseOr()
    {
        Expression left = ParseAnd();
        for (int line = tokens.Line; tokens.SkipName("or"); line = tokens.Line) left = new LogicalExpression(line, false, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        for (int line = tokens.Line; tokens.SkipName("and"); line = tokens.Line) left = new LogicalExpression(line, true, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        int line = tokens.Line;
        if (!tokens.SkipName("not")) return ParseCompare();
        tokens.Enter();
        var expression = new NotExpression(line, ParseNot());
        tokens.Leave();
        return expression;
    }

    private Expression ParseCompare()
    {
        int line = tokens.Line;
        Expression first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (TakeComparison() is { } comparison) rest.Add((comparison, ParseSum()));
        return rest.Count == 0 ? first : new CompareExpression(line, first, rest);
    }

    private string? TakeComparison()
    {
        Token token = tokens.Current;
        if (token.Kind == TokenKind.Operator && s_comparisons.Contains(token.Text)) return tokens.Take().Text;
        if (tokens.SkipName("in")) return "in";
        if (!token.IsName("not") || !tokens.Next.IsName("in")) return null;
        tokens.Take();
        tokens.Take();
        return "not in";
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcat();
        while (tokens.Current.IsOperator("+") || tokens.Current.IsOperator("-"))
        {
            Token symbol = tokens.Take();
            left = new BinaryExpression(symbol.Line, symbol.Text, left, ParseConcat());
        }

        return left;
    }

    private Expression ParseConcat()
    {
        int line = tokens.Line;
        Expression first = ParseProduct();
        if (!tokens.Current.IsOperator("~")) return first;
        var parts = new List<Expression> { first };
        while (tokens.SkipOperator("~")) parts.Add(ParseProduct());
        return new ConcatExpression(line, parts);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (tokens.Current.Kind == TokenKind.Operator && tokens.Current.Text is "*" or "/" or "//" or "%")
        {
            Token symbol = tokens.Take();
            left = new BinaryExpression(symbol.Line, symbol.Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary(withFilters: true);
        while (tokens.Current.IsOperator("**"))
        {
            Token symbol = tokens.Take();
            left = new BinaryExpression(symbol.Line, symbol.Text, left, ParseUnary(withFilters: true));
        }

        return left;
    }

    /// <summary>A sign binds looser than a filter behind it only where it stands inside another sign: Jinja's own grammar.</summary>
    private Expression ParseUnary(bool withFilters)
    {
        Expression expression;
        if (tokens.Current.IsOperator("-") || tokens.Current.IsOperator("+"))
        {
            tokens.Enter();
            Token symbol = tokens.Take();
            expression = new SignExpression(symbol.Line, symbol.Text == "-", ParseUnary(withFilters: false));
            tokens.Leave();
        }
        else
        {
            expression = _postfix.ParsePrimary(this);
        }

        expression = _postfix.ParsePostfix(this, expression);
        return withFilters ? _postfix.ParseFiltersAndTests(this, expression) : expression;
    }

    private bool AtTupleEnd(string? endName) =>
        tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || tokens.Current.IsOperator(")")
        || (endName is not null && tokens.Current.IsName(endName));
}
