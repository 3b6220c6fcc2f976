using System.Runtime.CompilerServices;
using AutoGlm.Formats.Chat.Builtins;
using AutoGlm.Formats.Chat.Syntax;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>Evaluates expressions.</summary>
internal static class ExpressionEvaluator
{
    public static object? Evaluate(RenderContext context, Scope scope, Expression node)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        context.Meter.Charge(1);
        context.Line = node.Line;
        switch (node)
        {
            case LiteralExpression literal: return literal.Value;
            case NameExpression name: return scope.TryGet(name.Name, out object? value) ? value : UndefinedValue.Variable(name.Name);
            case AttributeExpression attribute: return Attribute(context, scope, attribute);
            case ItemExpression item: return Item(context, scope, item);
            case SliceExpression slice: return Slice(context, scope, slice);
            case CallExpression call: return Call(context, scope, call, []);
            case FilterExpression filter: return Filter(context, scope, filter, Evaluate(context, scope, filter.Input!));
            case TestExpression test: return Test(context, scope, test);
            case NotExpression not: return !Types.IsTrue(Evaluate(context, scope, not.Operand));
            case LogicalExpression logical: return Logical(context, scope, logical);
            case CompareExpression compare: return Compare(context, scope, compare);
            case BinaryExpression binary: return Binary(context, scope, binary);
            case SignExpression sign: return Operators.Sign(Evaluate(context, scope, sign.Operand), sign.Negative);
            case ConcatExpression concat: return Concat(context, scope, concat);
            case ConditionalExpression conditional: return Conditional(context, scope, conditional);
            case ListExpression list: return context.List(EvaluateAll(context, scope, list.Items));
            case TupleExpression tuple: return new TupleValue(EvaluateAll(context, scope, tuple.Items));
            case DictExpression dict: return Dict(context, scope, dict);
            default: throw new InvalidOperationException($"no evaluation for {node.GetType().Name}");
        }
    }

    /// <summary>A filter on an input that the caller has: an expression's, or a block's text.</summary>
    public static object? Filter(RenderContext context, Scope scope, FilterExpression filter, object? input)
    {
        Arguments arguments = EvaluateArguments(context, scope, filter.Arguments, []);
        context.Line = filter.Line;
        return Filters.Apply(context, filter.Name, input, arguments);
    }

    /// <summary>A chain of filters whose innermost one has no input of its own.</summary>
    public static object? FilterChain(RenderContext context, Scope scope, FilterExpression filter, object? input)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        object? inner = filter.Input is FilterExpression before ? FilterChain(context, scope, before, input) : input;
        return Filter(context, scope, filter, inner);
    }

    /// <summary>A call, with named arguments that are not in the source: a call block's caller.</summary>
    public static object? Call(RenderContext context, Scope scope, CallExpression call, IReadOnlyList<KeyValuePair<string, object?>> more)
    {
        object? callee = Evaluate(context, scope, call.Callee);
        Arguments arguments = EvaluateArguments(context, scope, call.Arguments, more);
        context.Line = call.Line;
        object? result = context.Call(callee, arguments);
        context.Line = call.Line;
        return result;
    }

    private static object? Attribute(RenderContext context, Scope scope, AttributeExpression node)
    {
        object? owner = Evaluate(context, scope, node.Owner);
        context.Line = node.Line;
        return Members.Attribute(context, owner, node.Name);
    }

    private static object? Item(RenderContext context, Scope scope, ItemExpression node)
    {
        object? owner = Evaluate(context, scope, node.Owner);
        object? index = Evaluate(context, scope, node.Index);
        context.Line = node.Line;
        return Members.Item(context, owner, index);
    }

    private static object? Slice(RenderContext context, Scope scope, SliceExpression node)
    {
        object? owner = Evaluate(context, scope, node.Owner);
        object? start = node.Start is null ? null : Evaluate(context, scope, node.Start);
        object? stop = node.Stop is null ? null : Evaluate(context, scope, node.Stop);
        object? step = node.Step is null ? null : Evaluate(context, scope, node.Step);
        context.Line = node.Line;
        return Members.Slice(context, owner, start, stop, step);
    }

    private static bool Test(RenderContext context, Scope scope, TestExpression node)
    {
        object? input = Evaluate(context, scope, node.Input);
        Arguments arguments = EvaluateArguments(context, scope, node.Arguments, []);
        context.Line = node.Line;
        return Tests.Apply(context, node.Name, input, arguments);
    }

    private static object? Logical(RenderContext context, Scope scope, LogicalExpression node)
    {
        object? left = Evaluate(context, scope, node.Left);
        return Types.IsTrue(left) == node.IsAnd ? Evaluate(context, scope, node.Right) : left;
    }

    private static object? Binary(RenderContext context, Scope scope, BinaryExpression node)
    {
        object? left = Evaluate(context, scope, node.Left);
        object? right = Evaluate(context, scope, node.Right);
        context.Line = node.Line;
        return Operators.Binary(context, node.Operator, left, right);
    }

    private static bool Compare(RenderContext context, Scope scope, CompareExpression node)
    {
        object? left = Evaluate(context, scope, node.First);
        foreach ((string symbol, Expression operand) in node.Rest)
        {
            object? right = Evaluate(context, scope, operand);
            context.Line = node.Line;
            if (!Holds(context, symbol, left, right)) return false;
            left = right;
        }

        return true;
    }

    private static bool Holds(RenderContext context, string symbol, object? left, object? right)
    {
        switch (symbol)
        {
            case "==": return context.AreEqual(left, right);
            case "!=": return !context.AreEqual(left, right);
            case "in": return Iteration.Contains(context, right, left);
            case "not in": return !Iteration.Contains(context, right, left);
        }

        context.Meter.Charge(Math.Min(TemplateValue.WeightOf(left), TemplateValue.WeightOf(right)));
        return Comparison.Compare(left, right, symbol) is { } order && symbol switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    private static string Concat(RenderContext context, Scope scope, ConcatExpression node)
    {
        var parts = new string[node.Parts.Count];
        long length = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = context.Str(Evaluate(context, scope, node.Parts[i]));
            length += parts[i].Length;
        }

        context.Meter.ChargeText(length);
        return string.Concat(parts);
    }

    private static object? Conditional(RenderContext context, Scope scope, ConditionalExpression node)
    {
        if (Types.IsTrue(Evaluate(context, scope, node.Test))) return Evaluate(context, scope, node.Then);
        return node.Otherwise is null
            ? new UndefinedValue("the inline if has no else and its test is false")
            : Evaluate(context, scope, node.Otherwise);
    }

    private static DictValue Dict(RenderContext context, Scope scope, DictExpression node)
    {
        var entries = new List<KeyValuePair<object?, object?>>(node.Entries.Count);
        foreach ((Expression key, Expression value) in node.Entries)
        {
            entries.Add(new(Evaluate(context, scope, key), Evaluate(context, scope, value)));
            context.Meter.Charge(TemplateValue.WeightOf(entries[^1].Key));
        }

        context.Meter.ChargeItems(entries.Count);
        return new DictValue(entries);
    }

    private static object?[] EvaluateAll(RenderContext context, Scope scope, IReadOnlyList<Expression> nodes)
    {
        var values = new object?[nodes.Count];
        for (int i = 0; i < values.Length; i++) values[i] = Evaluate(context, scope, nodes[i]);
        return values;
    }

    private static Arguments EvaluateArguments(
        RenderContext context, Scope scope, ArgumentList list, IReadOnlyList<KeyValuePair<string, object?>> more)
    {
        if (ReferenceEquals(list, ArgumentList.Empty) && more.Count == 0) return Arguments.None;
        var positional = new List<object?>(EvaluateAll(context, scope, list.Positional));
        var named = new List<KeyValuePair<string, object?>>();
        foreach ((string name, Expression value) in list.Named) named.Add(new(name, Evaluate(context, scope, value)));
        if (list.ExtraPositional is not null) positional.AddRange(Iteration.Items(context, Evaluate(context, scope, list.ExtraPositional)));
        if (list.ExtraNamed is not null) AddNamed(Evaluate(context, scope, list.ExtraNamed), named);
        named.AddRange(more);
        return new Arguments(positional, named);
    }

    private static void AddNamed(object? extra, List<KeyValuePair<string, object?>> named)
    {
        if (extra is not DictValue dictionary) throw TemplateError.Value($"argument after ** must be a mapping, not {Types.NameOf(extra)}");
        foreach ((object? key, object? value) in dictionary.Entries)
        {
            named.Add(new(key as string ?? throw TemplateError.Value("keywords must be strings"), value));
        }
    }
}
