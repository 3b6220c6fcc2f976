using System.Runtime.CompilerServices;
using AutoGlm.Formats.Chat.Syntax;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>Runs statements.</summary>
internal static class Interpreter
{
    /// <summary>How a body ended.</summary>
    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public static void Run(RenderContext context, Scope scope, IReadOnlyList<Statement> statements) => Execute(context, scope, statements);

    /// <summary>Calls whatever an expression named: a function, a macro, or a recursive loop.</summary>
    public static object? Call(RenderContext context, object? callee, Arguments arguments) => callee switch
    {
        FunctionValue function => function.Call(context, arguments),
        MacroValue macro => Invoke(context, macro, arguments),
        LoopValue { Recurse: { } recurse } => recurse(arguments.Bind("loop", 1, "iterable")[0]),
        LoopValue => throw TemplateError.Value("the loop must have the 'recursive' marker to be called"),
        UndefinedValue missing => throw missing.Error(),
        _ => throw TemplateError.Value($"'{Types.NameOf(callee)}' object is not callable"),
    };

    private static Flow Execute(RenderContext context, Scope scope, IReadOnlyList<Statement> statements)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        foreach (Statement statement in statements)
        {
            Flow flow = Execute(context, scope, statement);
            if (flow != Flow.Next) return flow;
        }

        return Flow.Next;
    }

    private static Flow Execute(RenderContext context, Scope scope, Statement statement)
    {
        context.Meter.Charge(1);
        context.Line = statement.Line;
        switch (statement)
        {
            case TextStatement text: context.Write(text.Text); break;
            case OutputStatement output: context.Write(context.Str(ExpressionEvaluator.Evaluate(context, scope, output.Value))); break;
            case IfStatement choice: return ExecuteIf(context, scope, choice);
            case ForStatement loop: return ExecuteFor(context, scope, loop);
            case BreakStatement: return Flow.Break;
            case ContinueStatement: return Flow.Continue;
            case SetStatement set: Assign(context, scope, set.Target, ExpressionEvaluator.Evaluate(context, scope, set.Value)); break;
            case SetBlockStatement set: ExecuteSetBlock(context, scope, set); break;
            case MacroStatement macro: scope.Set(macro.Macro.Name, new MacroValue(macro.Macro, scope)); break;
            case CallStatement call: ExecuteCall(context, scope, call); break;
            case FilterStatement filter: ExecuteFilter(context, scope, filter); break;
            case WithStatement with: return ExecuteWith(context, scope, with);
            case ScopeStatement block: return Execute(context, new Scope(scope), block.Body);
            default: throw new InvalidOperationException($"no execution for {statement.GetType().Name}");
        }

        return Flow.Next;
    }

    private static Flow ExecuteIf(RenderContext context, Scope scope, IfStatement choice)
    {
        foreach ((Expression test, IReadOnlyList<Statement> body) in choice.Branches)
        {
            if (Types.IsTrue(ExpressionEvaluator.Evaluate(context, scope, test))) return Execute(context, scope, body);
        }

        return Execute(context, scope, choice.Otherwise);
    }

    private static Flow ExecuteFor(RenderContext context, Scope scope, ForStatement loop)
    {
        object? iterable = ExpressionEvaluator.Evaluate(context, scope, loop.Iterable);
        context.Line = loop.Line;
        return RunLoop(context, scope, loop, iterable, depth: 0);
    }

    /// <summary>A loop over a value. Break and continue end here, but those in its else block belong to the loop around.</summary>
    private static Flow RunLoop(RenderContext context, Scope scope, ForStatement loop, object? iterable, int depth)
    {
        IReadOnlyList<object?> items = Iteration.Items(context, iterable);
        if (loop.Filter is not null) items = FilterItems(context, scope, loop, items);
        if (items.Count == 0) return Execute(context, new Scope(scope), loop.Otherwise);
        Func<object?, string>? recurse = loop.Recursive
            ? inner => context.CaptureCall(() => RunLoop(context, scope, loop, inner, depth + 1))
            : null;
        var state = new LoopValue(items, depth, recurse);
        for (int i = 0; i < items.Count; i++)
        {
            var body = new Scope(scope);
            state.Index = i;
            Assign(context, body, loop.Target, items[i]);
            body.Set("loop", state);
            if (Execute(context, body, loop.Body) == Flow.Break) break;
        }

        return Flow.Next;
    }

    private static List<object?> FilterItems(RenderContext context, Scope scope, ForStatement loop, IReadOnlyList<object?> items)
    {
        var kept = new List<object?>();
        foreach (object? item in items)
        {
            var test = new Scope(scope);
            Assign(context, test, loop.Target, item);
            if (Types.IsTrue(ExpressionEvaluator.Evaluate(context, test, loop.Filter!))) kept.Add(item);
        }

        return kept;
    }

    private static void Assign(RenderContext context, Scope scope, AssignmentTarget target, object? value)
    {
        context.Line = target.Line;
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case NamespaceTarget attribute:
                if (!scope.TryGet(attribute.Name, out object? owner) || owner is not NamespaceValue space)
                {
                    throw TemplateError.Value($"cannot assign attribute '{attribute.Attribute}' on '{attribute.Name}', which is no namespace");
                }

                space.Set(attribute.Attribute, value);
                break;
            case TupleTarget tuple:
                IReadOnlyList<object?> items = Iteration.Items(context, value);
                if (items.Count != tuple.Items.Count)
                {
                    throw TemplateError.Value($"cannot unpack {items.Count} values into {tuple.Items.Count} names");
                }

                for (int i = 0; i < items.Count; i++) Assign(context, scope, tuple.Items[i], items[i]);
                break;
        }
    }

    private static void ExecuteSetBlock(RenderContext context, Scope scope, SetBlockStatement set)
    {
        object? value = context.Capture(() => Execute(context, new Scope(scope), set.Body));
        if (set.Filter is not null) value = ExpressionEvaluator.FilterChain(context, scope, set.Filter, value);
        Assign(context, scope, set.Target, value);
    }

    private static void ExecuteFilter(RenderContext context, Scope scope, FilterStatement filter)
    {
        string text = context.Capture(() => Execute(context, new Scope(scope), filter.Body));
        context.Write(context.Str(ExpressionEvaluator.FilterChain(context, scope, filter.Filter, text)));
    }

    private static void ExecuteCall(RenderContext context, Scope scope, CallStatement call)
    {
        var caller = new MacroValue(call.Caller, scope);
        context.Write(context.Str(ExpressionEvaluator.Call(context, scope, call.Call, [new("caller", caller)])));
    }

    private static Flow ExecuteWith(RenderContext context, Scope scope, WithStatement with)
    {
        var inner = new Scope(scope);
        foreach ((AssignmentTarget target, Expression value) in with.Bindings)
        {
            Assign(context, inner, target, ExpressionEvaluator.Evaluate(context, scope, value));
        }

        return Execute(context, inner, with.Body);
    }

    private static string Invoke(RenderContext context, MacroValue macro, Arguments arguments)
    {
        var scope = new Scope(macro.Scope);
        MacroDefinition definition = macro.Definition;
        var named = new List<KeyValuePair<string, object?>>(arguments.Named);
        return context.CaptureCall(() =>
        {
            BindParameters(context, scope, definition, arguments.Positional, named);
            BindSpecials(scope, definition, arguments.Positional, named);
            Execute(context, scope, definition.Body);
        });
    }

    private static void BindParameters(
        RenderContext context, Scope scope, MacroDefinition macro, IReadOnlyList<object?> positional, List<KeyValuePair<string, object?>> named)
    {
        foreach ((string name, _) in macro.Parameters.Skip(positional.Count))
        {
            scope.Set(name, new UndefinedValue($"parameter '{name}' of macro '{macro.Name}' was not provided"));
        }

        for (int i = 0; i < macro.Parameters.Count; i++)
        {
            (string name, Expression? initial) = macro.Parameters[i];
            int index = i < positional.Count ? -1 : named.FindIndex(argument => argument.Key == name);
            if (i < positional.Count) scope.Set(name, positional[i]);
            else if (index >= 0) scope.Set(name, named[index].Value);
            else if (initial is not null) scope.Set(name, ExpressionEvaluator.Evaluate(context, scope, initial));
            if (index >= 0) named.RemoveAt(index);
        }
    }

    /// <summary>The names caller, kwargs and varargs, where the macro's body uses them; what is left over is an error.</summary>
    private static void BindSpecials(
        Scope scope, MacroDefinition macro, IReadOnlyList<object?> positional, List<KeyValuePair<string, object?>> named)
    {
        int caller = named.FindIndex(argument => argument.Key == "caller");
        if (macro.UsesCaller && macro.Parameters.All(parameter => parameter.Name != "caller"))
        {
            scope.Set("caller", caller >= 0 ? named[caller].Value : new UndefinedValue("no caller defined"));
            if (caller >= 0) named.RemoveAt(caller);
        }

        if (macro.UsesKwargs) scope.Set("kwargs", new DictValue(named.Select(argument => new KeyValuePair<object?, object?>(argument.Key, argument.Value))));
        else if (named.Count > 0) throw TemplateError.Value($"macro '{macro.Name}' takes no keyword argument '{named[0].Key}'");
        if (macro.UsesVarargs) scope.Set("varargs", new TupleValue([.. positional.Skip(macro.Parameters.Count)]));
        else if (positional.Count > macro.Parameters.Count)
        {
            throw TemplateError.Value($"macro '{macro.Name}' takes not more than {macro.Parameters.Count} arguments ({positional.Count} given)");
        }
    }
}
