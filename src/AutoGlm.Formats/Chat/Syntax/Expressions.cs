namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>A node of an expression; <see cref="Line"/> is where it stands in the template, from 1.</summary>
internal abstract record Expression(int Line);

internal sealed record LiteralExpression(int Line, object? Value) : Expression(Line);

internal sealed record NameExpression(int Line, string Name) : Expression(Line);

internal sealed record ListExpression(int Line, IReadOnlyList<Expression> Items) : Expression(Line);

internal sealed record TupleExpression(int Line, IReadOnlyList<Expression> Items) : Expression(Line);

internal sealed record DictExpression(int Line, IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression(Line);

/// <summary><c>owner.name</c></summary>
internal sealed record AttributeExpression(int Line, Expression Owner, string Name) : Expression(Line);

/// <summary><c>owner[index]</c></summary>
internal sealed record ItemExpression(int Line, Expression Owner, Expression Index) : Expression(Line);

/// <summary><c>owner[start:stop:step]</c></summary>
internal sealed record SliceExpression(int Line, Expression Owner, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

internal sealed record CallExpression(int Line, Expression Callee, ArgumentList Arguments) : Expression(Line);

/// <summary><c>input | name(arguments)</c>; the input is null where a filter block or block set gives it.</summary>
internal sealed record FilterExpression(int Line, Expression? Input, string Name, ArgumentList Arguments) : Expression(Line);

/// <summary><c>input is name(arguments)</c></summary>
internal sealed record TestExpression(int Line, Expression Input, string Name, ArgumentList Arguments) : Expression(Line);

internal sealed record NotExpression(int Line, Expression Operand) : Expression(Line);

/// <summary><c>+operand</c> or <c>-operand</c></summary>
internal sealed record SignExpression(int Line, bool Negative, Expression Operand) : Expression(Line);

/// <summary>Arithmetic: <c>+ - * / // % **</c></summary>
internal sealed record BinaryExpression(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

/// <summary><c>left and right</c>, <c>left or right</c>: the value of the operand that decides.</summary>
internal sealed record LogicalExpression(int Line, bool IsAnd, Expression Left, Expression Right) : Expression(Line);

/// <summary><c>a ~ b ~ c</c></summary>
internal sealed record ConcatExpression(int Line, IReadOnlyList<Expression> Parts) : Expression(Line);

/// <summary><c>a &lt; b &lt;= c</c>, <c>in</c> and <c>not in</c> among the operators.</summary>
internal sealed record CompareExpression(int Line, Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression(Line);

/// <summary><c>then if test else otherwise</c></summary>
internal sealed record ConditionalExpression(int Line, Expression Test, Expression Then, Expression? Otherwise) : Expression(Line);

/// <summary>Arguments as written: plain ones, named ones, <c>*extra</c> and <c>**extra</c>.</summary>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional,
    IReadOnlyList<(string Name, Expression Value)> Named,
    Expression? ExtraPositional,
    Expression? ExtraNamed)
{
    public static ArgumentList Empty { get; } = new([], [], null, null);
}
