namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>Parses a template's text, outputs and blocks.</summary>
internal sealed class TemplateParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private readonly AssignmentParser _assignments;
    private int _openLoops;

    private TemplateParser(TokenStream tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
        _assignments = new AssignmentParser(tokens);
    }

    public static IReadOnlyList<Statement> Parse(string source)
    {
        var parser = new TemplateParser(new TokenStream(Lexer.Tokenize(source)));
        return parser.ParseStatements("the template", parser._tokens.Line, []);
    }

    /// <summary>Statements up to a block named in <paramref name="ends"/> (the cursor stands on its name), or to the template's end.</summary>
    private List<Statement> ParseStatements(string block, int opened, ReadOnlySpan<string> ends)
    {
        _tokens.Enter();
        var statements = new List<Statement>();
        while (true)
        {
            Token token = _tokens.Take();
            if (token.Kind == TokenKind.End && !ends.IsEmpty)
            {
                throw TemplateError.Syntax(opened, $"the block '{block}' has no '{ends[^1]}'");
            }

            if (token.Kind == TokenKind.End || (token.Kind == TokenKind.BlockBegin && AtAny(ends))) break;
            statements.Add(ParseStatement(token));
        }

        _tokens.Leave();
        return statements;
    }

    private bool AtAny(ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (_tokens.Current.IsName(name)) return true;
        }

        return false;
    }

    private Statement ParseStatement(Token first)
    {
        if (first.Kind == TokenKind.Data) return new TextStatement(first.Line, first.Text);
        if (first.Kind == TokenKind.VariableBegin)
        {
            Expression value = _expressions.ParseTuple();
            _tokens.Expect(TokenKind.VariableEnd);
            return new OutputStatement(first.Line, value);
        }

        Statement statement = ParseBlock(_tokens.Line, _tokens.ExpectName());
        _tokens.Expect(TokenKind.BlockEnd);
        return statement;
    }

    /// <summary>A block whose tag name is read; the cursor ends before the last tag's <c>%}</c>.</summary>
    private Statement ParseBlock(int line, string tag) => tag switch
    {
        "if" => ParseIf(line),
        "for" => ParseFor(line),
        "set" => ParseSet(line),
        "macro" => ParseMacro(line),
        "call" => ParseCall(line),
        "filter" => ParseFilter(line),
        "with" => ParseWith(line),
        "generation" => new ScopeStatement(line, ParseBody(tag, line, "endgeneration")),
        "print" => new OutputStatement(line, new ConcatExpression(line, ParseList())),
        "break" => InLoop(new BreakStatement(line), tag),
        "continue" => InLoop(new ContinueStatement(line), tag),
        "raw" => throw TemplateError.Syntax(line, "a raw tag takes no arguments"),
        "elif" or "else" => throw TemplateError.Syntax(line, $"unexpected tag '{tag}'"),
        _ when tag.StartsWith("end", StringComparison.Ordinal) => throw TemplateError.Syntax(line, $"unexpected tag '{tag}'"),
        _ => throw new TemplateError(ChatTemplateErrorKind.Unsupported, $"tag '{tag}' is not supported") { Line = line },
    };

    /// <summary>The rest of an opening tag, the body, and the name of the end tag.</summary>
    private List<Statement> ParseBody(string block, int line, params ReadOnlySpan<string> ends)
    {
        _tokens.SkipOperator(":");
        _tokens.Expect(TokenKind.BlockEnd);
        List<Statement> body = ParseStatements(block, line, ends);
        if (ends.Length == 1) _tokens.Take();
        return body;
    }

    private Statement InLoop(Statement statement, string tag) =>
        _openLoops > 0 ? statement : throw TemplateError.Syntax(statement.Line, $"'{tag}' outside of a loop");

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        IReadOnlyList<Statement> otherwise = [];
        do
        {
            Expression test = _expressions.ParseTuple(conditional: false);
            branches.Add((test, ParseBody("if", line, "elif", "else", "endif")));
        }
        while (_tokens.SkipName("elif"));

        if (_tokens.SkipName("else")) otherwise = ParseBody("if", line, "endif");
        else _tokens.Take();
        return new IfStatement(line, branches, otherwise);
    }

    private ForStatement ParseFor(int line)
    {
        AssignmentTarget target = _assignments.Parse(withNamespace: false, endName: "in");
        if (!_tokens.SkipName("in")) throw _tokens.Unexpected("'in'");
        Expression iterable = _expressions.ParseTuple(conditional: false, endName: "recursive");
        Expression? filter = _tokens.SkipName("if") ? _expressions.Parse() : null;
        bool recursive = _tokens.SkipName("recursive");
        _openLoops++;
        List<Statement> body = ParseBody("for", line, "else", "endfor");
        _openLoops--;
        IReadOnlyList<Statement> otherwise = [];
        if (_tokens.SkipName("else")) otherwise = ParseBody("for", line, "endfor");
        else _tokens.Take();
        return new ForStatement(line, target, iterable, filter, recursive, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        AssignmentTarget target = _assignments.Parse(withNamespace: true);
        if (_tokens.SkipOperator("=")) return new SetStatement(line, target, _expressions.ParseTuple());
        FilterExpression? filter = _expressions.ParseFilterChain(null);
        return new SetBlockStatement(line, target, filter, ParseBody("set", line, "endset"));
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _assignments.ParseName();
        return new MacroStatement(line, ParseMacroRest(name, "macro", line, ParseParameters(), "endmacro"));
    }

    private CallStatement ParseCall(int line)
    {
        var parameters = _tokens.Current.IsOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not CallExpression call) throw TemplateError.Syntax(line, "a call block wants a call of a macro");
        return new CallStatement(line, call, ParseMacroRest("caller", "call", line, parameters, "endcall"));
    }

    private MacroDefinition ParseMacroRest(string name, string block, int line, List<(string, Expression?)> parameters, string end)
    {
        int firstName = _tokens.Names.Count, loops = _openLoops;
        _openLoops = 0;
        List<Statement> body = ParseBody(block, line, end);
        _openLoops = loops;
        var names = _tokens.Names.Skip(firstName).ToHashSet();
        return new MacroDefinition(name, parameters, body, names.Contains("caller"), names.Contains("varargs"), names.Contains("kwargs"));
    }

    private List<(string Name, Expression? Default)> ParseParameters()
    {
        var parameters = new List<(string Name, Expression? Default)>();
        _tokens.ExpectOperator("(");
        while (!_tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0) _tokens.ExpectOperator(",");
            int line = _tokens.Line;
            string name = _assignments.ParseName();
            Expression? initial = _tokens.SkipOperator("=") ? _expressions.Parse() : null;
            if (initial is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw TemplateError.Syntax(line, $"the parameter '{name}' without a default follows one with a default");
            }

            parameters.Add((name, initial));
        }

        _tokens.ExpectOperator(")");
        return parameters;
    }

    private FilterStatement ParseFilter(int line)
    {
        FilterExpression filter = _expressions.ParseFilterChain(_expressions.ParseFilter(null))!;
        return new FilterStatement(line, filter, ParseBody("filter", line, "endfilter"));
    }

    private WithStatement ParseWith(int line)
    {
        var bindings = new List<(AssignmentTarget, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (bindings.Count > 0) _tokens.ExpectOperator(",");
            AssignmentTarget target = _assignments.Parse(withNamespace: false);
            _tokens.ExpectOperator("=");
            bindings.Add((target, _expressions.Parse()));
        }

        return new WithStatement(line, bindings, ParseBody("with", line, "endwith"));
    }

    private List<Expression> ParseList()
    {
        var values = new List<Expression> { _expressions.Parse() };
        while (_tokens.SkipOperator(",")) values.Add(_expressions.Parse());
        return values;
    }
}
