using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Filters on lists, dictionaries, and values of any kind.</summary>
internal static class SequenceFilters
{
    public static IEnumerable<(string Name, Filter Filter)> All =>
    [
        ("attr", (_, input, arguments) => Members.AttributeOnly(input, arguments.Bind("attr", 1, "name").Text(0))),
        ("batch", Batch),
        ("count", (context, input, _) => new BigInteger(Iteration.Length(context, input))),
        ("d", Default),
        ("default", Default),
        ("first", First),
        ("items", Items),
        ("join", Join),
        ("last", Last),
        ("length", (context, input, _) => new BigInteger(Iteration.Length(context, input))),
        ("list", (context, input, _) => context.List([.. Iteration.Items(context, input)])),
        ("reverse", Reverse),
        ("slice", Slice),
        ("sum", Sum),
        ("unique", Unique),
    ];

    private static object? Default(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("default", 0, "default_value", "boolean");
        return input is UndefinedValue || (bound.Flag(1) && !Types.IsTrue(input)) ? bound.Or(0, "") : input;
    }

    private static object? First(RenderContext context, object? input, Arguments arguments)
    {
        if (input is IteratorValue iterator) return iterator.TryNext(out object? next) ? next : Empty("first");
        if (input is string { Length: > 0 } text) return text[..PythonText.UnitsAt(text, 0)];
        IReadOnlyList<object?> items = Iteration.Items(context, input);
        return items.Count > 0 ? items[0] : Empty("first");
    }

    private static object? Last(RenderContext context, object? input, Arguments arguments)
    {
        if (input is IteratorValue { TypeName: "generator" }) throw TemplateError.Value("'generator' object is not reversible");
        IReadOnlyList<object?> items = Iteration.Items(context, input);
        return items.Count > 0 ? items[^1] : Empty("last");
    }

    private static UndefinedValue Empty(string which) => new($"no {which} item, sequence was empty");

    private static object? Items(RenderContext context, object? input, Arguments arguments) => input switch
    {
        UndefinedValue => context.Iterator([]),
        DictValue dictionary => context.Iterator(DictMethods.Pairs(dictionary)),
        _ => throw TemplateError.Value("can only get item pairs from a mapping"),
    };

    private static string Join(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("join", 0, "d", "attribute");
        string separator = context.Str(bound.Or(0, ""));
        IEnumerable<object?> items = Iteration.Items(context, input);
        if (bound.HasValue(1)) items = items.Select(AttributePath.Create(bound[1]).Reader(context));
        return StringMethods.Join(context, separator, [.. items.Select(context.Str)]);
    }

    private static object? Reverse(RenderContext context, object? input, Arguments arguments)
    {
        if (input is string text)
        {
            context.Meter.ChargeItems(text.Length);
            string[] characters = PythonText.Characters(text);
            Array.Reverse(characters);
            return context.Text(string.Concat(characters));
        }

        object?[] reversed = [.. Iteration.Items(context, input).Reverse()];
        return input is SequenceValue or DictValue
            ? context.Iterator(reversed, Types.NameOf(input) + "_reverseiterator")
            : context.List(reversed);
    }

    private static object? Sum(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("sum", 0, "attribute", "start");
        IEnumerable<object?> items = Iteration.Items(context, input);
        if (bound.HasValue(0)) items = items.Select(AttributePath.Create(bound[0]).Reader(context));
        object? start = bound.Or(1, BigInteger.Zero);
        if (start is string) throw TemplateError.Value("sum() can't sum strings [use ''.join(seq) instead]");
        return items.Aggregate(start, (total, item) => Operators.Binary(context, "+", total, item));
    }

    private static object? Unique(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("unique", 0, "case_sensitive", "attribute");
        Func<object?, object?> key = AttributePath.Create(bound.Or(1, null)).Reader(context, ignoreCase: !bound.Flag(0));
        IReadOnlyList<object?> items = Iteration.Items(context, input);
        var seen = new List<KeyValuePair<object?, object?>>(items.Count);
        for (int i = 0; i < items.Count; i++) seen.Add(new(key(items[i]), i));
        context.Meter.Charge(seen.Sum(entry => TemplateValue.WeightOf(entry.Key)));
        var firsts = new DictValue(seen.AsEnumerable().Reverse());
        IEnumerable<object?> unique = seen
            .Where(entry => firsts.TryGet(entry.Key, out object? first) && Equals(first, entry.Value))
            .Select(entry => items[(int)entry.Value!]);
        return context.Iterator([.. unique]);
    }

    private static object? Batch(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("batch", 1, "linecount", "fill_with");
        int size = bound.Integer(0);
        IReadOnlyList<object?> items = Iteration.Items(context, input);
        if (size < 1) throw TemplateError.Value("batch: linecount must be at least 1");
        var batches = new List<object?>();
        for (int start = 0; start < items.Count; start += size)
        {
            List<object?> batch = [.. items.Skip(start).Take(size)];
            int missing = bound.HasValue(1) ? size - batch.Count : 0;
            context.Meter.ChargeItems(missing);
            batch.AddRange(Enumerable.Repeat(bound.Or(1, null), missing));
            batches.Add(context.List(batch));
            if (items.Count - start <= size) break;
        }

        return context.Iterator(batches);
    }

    private static object? Slice(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("slice", 1, "slices", "fill_with");
        int slices = bound.Integer(0);
        IReadOnlyList<object?> items = Iteration.Items(context, input);
        if (slices < 1) throw TemplateError.Value("slice: slices must be at least 1");
        context.Meter.ChargeItems(slices);
        int each = items.Count / slices, longer = items.Count % slices;
        var result = new List<object?>();
        for (int i = 0, start = 0; i < slices; i++)
        {
            int length = each + (i < longer ? 1 : 0);
            List<object?> slice = [.. items.Skip(start).Take(length)];
            if (bound.HasValue(1) && i >= longer) slice.Add(bound[1]);
            result.Add(context.List(slice));
            start += length;
        }

        return context.Iterator(result);
    }
}
