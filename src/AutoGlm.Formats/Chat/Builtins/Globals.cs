using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Functions that every template has.</summary>
internal static class Globals
{
    public static void Define(Scope scope)
    {
        Define(scope, "range", Range);
        Define(scope, "dict", (context, arguments) => Dict(context, arguments));
        Define(scope, "namespace", (context, arguments) => new NamespaceValue(Dict(context, arguments)));
        Define(scope, "raise_exception", (context, arguments) => throw TemplateError.Raised(context.Str(arguments.Bind("raise_exception", 1, "message")[0])));
        Define(scope, "strftime_now", (context, arguments) => TimeFormat.Format(context, arguments.Bind("strftime_now", 1, "format").Text(0)));
        Define(scope, "joiner", Joiner);
        Define(scope, "cycler", Cycler);
    }

    private static void Define(Scope scope, string name, Func<RenderContext, Arguments, object?> body) => scope.Set(name, new FunctionValue(name, body));

    private static RangeValue Range(RenderContext context, Arguments arguments)
    {
        BigInteger[] numbers = [.. arguments.Positional.Select(ToInteger)];
        if (numbers.Length is 0 or > 3 || arguments.Named.Count > 0) throw TemplateError.Value("range() takes one to three integers");
        var range = numbers.Length == 1
            ? RangeValue.Create(0, numbers[0], 1)
            : RangeValue.Create(numbers[0], numbers[1], numbers.Length == 3 ? numbers[2] : 1);
        context.Meter.ChargeItems(range.Items.Count);
        return range;
    }

    private static BigInteger ToInteger(object? value)
    {
        if (value is UndefinedValue missing) throw missing.Error();
        return Types.IsInteger(value, out BigInteger number)
            ? number
            : throw TemplateError.Value($"'{Types.NameOf(value)}' object cannot be interpreted as an integer");
    }

    private static DictValue Dict(RenderContext context, Arguments arguments)
    {
        var entries = new List<KeyValuePair<object?, object?>>();
        if (arguments.Positional.Count > 1) throw TemplateError.Value($"dict expected at most 1 argument, got {arguments.Positional.Count}");
        if (arguments.Positional is [DictValue dictionary]) entries.AddRange(dictionary.Entries);
        else if (arguments.Positional is [var pairs]) entries.AddRange(Iteration.Items(context, pairs).Select(pair => Pair(context, pair)));
        entries.AddRange(arguments.Named.Select(argument => new KeyValuePair<object?, object?>(argument.Key, argument.Value)));
        context.Meter.ChargeItems(entries.Count);
        context.Meter.Charge(entries.Sum(entry => TemplateValue.WeightOf(entry.Key)));
        return new DictValue(entries);
    }

    private static KeyValuePair<object?, object?> Pair(RenderContext context, object? pair) =>
        Iteration.Items(context, pair) is [var key, var value]
            ? new(key, value)
            : throw TemplateError.Value("dict() wants a mapping or pairs of key and value");

    /// <summary>joiner(sep): nothing on the first call, the separator on every later one.</summary>
    private static FunctionValue Joiner(RenderContext context, Arguments arguments)
    {
        object? separator = arguments.Bind("joiner", 0, "sep").Or(0, ", ");
        bool used = false;
        return new FunctionValue("joiner", (_, _) =>
        {
            object? text = used ? separator : "";
            used = true;
            return text;
        });
    }

    /// <summary>cycler(a, b, …): a namespace with current, next() and reset().</summary>
    private static NamespaceValue Cycler(RenderContext context, Arguments arguments)
    {
        IReadOnlyList<object?> items = arguments.Positional;
        if (items.Count == 0) throw TemplateError.Value("at least one item has to be provided");
        int position = 0;
        var cycler = new NamespaceValue(new DictValue([new("current", items[0])]));
        cycler.Set("next", new FunctionValue("next", (_, _) =>
        {
            object? item = items[position];
            position = (position + 1) % items.Count;
            cycler.Set("current", items[position]);
            return item;
        }));
        cycler.Set("reset", new FunctionValue("reset", (_, _) =>
        {
            position = 0;
            cycler.Set("current", items[0]);
            return null;
        }));
        return cycler;
    }
}
