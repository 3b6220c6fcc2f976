namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>A piece of a template: text, output or a block.</summary>
internal abstract record Statement(int Line);

internal sealed record TextStatement(int Line, string Text) : Statement(Line);

internal sealed record OutputStatement(int Line, Expression Value) : Statement(Line);

internal sealed record IfStatement(int Line, IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise)
    : Statement(Line);

internal sealed record ForStatement(
    int Line,
    AssignmentTarget Target,
    Expression Iterable,
    Expression? Filter,
    bool Recursive,
    IReadOnlyList<Statement> Body,
    IReadOnlyList<Statement> Otherwise)
    : Statement(Line);

internal sealed record BreakStatement(int Line) : Statement(Line);

internal sealed record ContinueStatement(int Line) : Statement(Line);

internal sealed record SetStatement(int Line, AssignmentTarget Target, Expression Value) : Statement(Line);

internal sealed record SetBlockStatement(int Line, AssignmentTarget Target, FilterExpression? Filter, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record MacroStatement(int Line, MacroDefinition Macro) : Statement(Line);

internal sealed record CallStatement(int Line, CallExpression Call, MacroDefinition Caller) : Statement(Line);

internal sealed record FilterStatement(int Line, FilterExpression Filter, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record WithStatement(int Line, IReadOnlyList<(AssignmentTarget Target, Expression Value)> Bindings, IReadOnlyList<Statement> Body)
    : Statement(Line);

/// <summary>A body with a scope of its own: what <c>{% generation %}</c> marks.</summary>
internal sealed record ScopeStatement(int Line, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary>
/// A macro. It takes a <c>caller</c>, extra positional (<c>varargs</c>) or extra named arguments (<c>kwargs</c>) only where its
/// body names them.
/// </summary>
internal sealed record MacroDefinition(
    string Name,
    IReadOnlyList<(string Name, Expression? Default)> Parameters,
    IReadOnlyList<Statement> Body,
    bool UsesCaller,
    bool UsesVarargs,
    bool UsesKwargs);

/// <summary>What an assignment or a for loop writes to.</summary>
internal abstract record AssignmentTarget(int Line);

internal sealed record NameTarget(int Line, string Name) : AssignmentTarget(Line);

/// <summary><c>namespace.attribute</c></summary>
internal sealed record NamespaceTarget(int Line, string Name, string Attribute) : AssignmentTarget(Line);

internal sealed record TupleTarget(int Line, IReadOnlyList<AssignmentTarget> Items) : AssignmentTarget(Line);
