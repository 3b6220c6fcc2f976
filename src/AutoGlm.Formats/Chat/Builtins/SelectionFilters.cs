using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Filters that map, choose, order or group items.</summary>
internal static class SelectionFilters
{
    public static IEnumerable<(string Name, Filter Filter)> All =>
    [
        ("dictsort", DictSort),
        ("groupby", GroupBy),
        ("map", Map),
        ("max", (context, input, arguments) => Extreme(context, input, arguments, "max", sign: 1)),
        ("min", (context, input, arguments) => Extreme(context, input, arguments, "min", sign: -1)),
        ("reject", (context, input, arguments) => Select(context, input, arguments, wanted: false, byAttribute: false)),
        ("rejectattr", (context, input, arguments) => Select(context, input, arguments, wanted: false, byAttribute: true)),
        ("select", (context, input, arguments) => Select(context, input, arguments, wanted: true, byAttribute: false)),
        ("selectattr", (context, input, arguments) => Select(context, input, arguments, wanted: true, byAttribute: true)),
        ("sort", Sort),
    ];

    private static object? Map(RenderContext context, object? input, Arguments arguments)
    {
        if (!Types.IsTrue(input)) return context.Iterator([]);
        Func<object?, object?> function;
        if (arguments.Positional.Count == 0 && arguments.Named.Any(argument => argument.Key == "attribute"))
        {
            BoundArguments bound = arguments.Bind("map", 0, "attribute", "default");
            function = AttributePath.Create(bound[0]).Reader(context, missing: bound.Or(1, null));
        }
        else
        {
            string name = arguments.Positional.Count > 0 ? context.Str(arguments.Positional[0]) : throw TemplateError.Value("map wants a filter's name");
            Arguments rest = arguments.Skip(1);
            function = item => Filters.Apply(context, name, item, rest);
        }

        IReadOnlyList<object?> items = Iteration.Items(context, input);
        return context.Iterator(ConvertAll(items, function));
    }

    private static object? Select(RenderContext context, object? input, Arguments arguments, bool wanted, bool byAttribute)
    {
        if (!Types.IsTrue(input)) return context.Iterator([]);
        Func<object?, object?> read = item => item;
        if (byAttribute)
        {
            if (arguments.Positional.Count == 0) throw TemplateError.Value("missing parameter for attribute name");
            read = AttributePath.Create(arguments.Positional[0]).Reader(context);
            arguments = arguments.Skip(1);
        }

        Func<object?, bool> test = Types.IsTrue;
        if (arguments.Positional.Count > 0)
        {
            string name = context.Str(arguments.Positional[0]);
            Arguments rest = arguments.Skip(1);
            test = value => Tests.Apply(context, name, value, rest);
        }

        return context.Iterator([.. Iteration.Items(context, input).Where(item => test(read(item)) == wanted)]);
    }

    private static object? Sort(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        bool ignoreCase = !bound.Flag(1);
        Func<object?, object?>[] readers = bound.Or(2, null) is string attributes
            ? Array.ConvertAll(attributes.Split(','), attribute => AttributePath.Create(attribute).Reader(context, ignoreCase))
            : [AttributePath.Create(bound.Or(2, null)).Reader(context, ignoreCase)];
        IReadOnlyList<object?> items = Iteration.Items(context, input);
        object?[] keys = ConvertAll(items, item => new ListValue(Array.ConvertAll(readers, reader => reader(item))));
        return context.List(Sorted(context, items, keys, bound.Flag(0)));
    }

    private static object? DictSort(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        string by = bound.Text(1, "key");
        if (by is not ("key" or "value")) throw TemplateError.Value("dictsort can only sort by either \"key\" or \"value\"");
        if (input is UndefinedValue missing) throw missing.Error();
        if (input is not DictValue dictionary) throw TemplateError.Value($"'{Types.NameOf(input)}' object has no attribute 'items'");
        object?[] pairs = DictMethods.Pairs(dictionary);
        context.Meter.ChargeItems(pairs.Length);
        bool ignoreCase = !bound.Flag(0);
        object?[] keys = ConvertAll(pairs, pair =>
        {
            object? key = ((TupleValue)pair!).Items[by == "key" ? 0 : 1];
            return ignoreCase && key is string text ? context.Text(PythonText.Lower(text)) : key;
        });
        return context.List(Sorted(context, pairs, keys, bound.Flag(2)));
    }

    private static object? GroupBy(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("groupby", 1, "attribute", "default", "case_sensitive");
        AttributePath path = AttributePath.Create(bound[0]);
        object? missing = bound.Or(1, null);
        bool ignoreCase = !bound.Flag(2);
        Func<object?, object?> key = path.Reader(context, ignoreCase, missing), shown = path.Reader(context, missing: missing);
        IReadOnlyList<object?> items = Iteration.Items(context, input);
        object?[] sorted = Sorted(context, items, ConvertAll(items, key), reverse: false);
        var groups = new List<object?>();
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            object? value = key(sorted[start]);
            end = start + 1;
            while (end < sorted.Length && context.AreEqual(value, key(sorted[end]))) end++;
            groups.Add(new TupleValue([shown(sorted[start]), context.List(sorted[start..end])], "grouper", "list"));
        }

        return context.List(groups);
    }

    private static object? Extreme(RenderContext context, object? input, Arguments arguments, string name, int sign)
    {
        BoundArguments bound = arguments.Bind(name, 0, "case_sensitive", "attribute");
        IReadOnlyList<object?> items = Iteration.Items(context, input);
        if (items.Count == 0) return new UndefinedValue("no aggregated item, sequence was empty");
        Func<object?, object?> key = AttributePath.Create(bound.Or(1, null)).Reader(context, ignoreCase: !bound.Flag(0));
        object? best = items[0], bestKey = key(best);
        foreach (object? item in items.Skip(1))
        {
            object? itemKey = key(item);
            context.Meter.Charge(TemplateValue.WeightOf(itemKey));
            if (sign * Comparison.Compare(itemKey, bestKey, sign > 0 ? ">" : "<") > 0) (best, bestKey) = (item, itemKey);
        }

        return best;
    }

    /// <summary>Items in the order of their keys; equal ones keep their order, in reverse too.</summary>
    private static object?[] Sorted(RenderContext context, IReadOnlyList<object?> items, object?[] keys, bool reverse)
    {
        long weight = keys.Sum(TemplateValue.WeightOf);
        context.Meter.Charge(weight * (1 + System.Numerics.BitOperations.Log2((uint)keys.Length + 1)));
        int[] order = [.. Enumerable.Range(0, keys.Length)];
        MergeSort(order, new int[keys.Length], (left, right) => Comparison.Compare(keys[left], keys[right]) is { } sign && (reverse ? sign > 0 : sign < 0));
        return Array.ConvertAll(order, index => items[index]);
    }

    /// <summary>A stable sort that stands an order that contradicts itself, as NaN gives.</summary>
    private static void MergeSort(Span<int> order, Span<int> spare, Func<int, int, bool> precedes)
    {
        if (order.Length < 2) return;
        int half = order.Length / 2;
        MergeSort(order[..half], spare[..half], precedes);
        MergeSort(order[half..], spare[half..], precedes);
        order.CopyTo(spare);
        for (int left = 0, right = half, to = 0; to < order.Length; to++)
        {
            bool takeRight = left == half || (right < order.Length && precedes(spare[right], spare[left]));
            order[to] = takeRight ? spare[right++] : spare[left++];
        }
    }

    private static object?[] ConvertAll(IReadOnlyList<object?> items, Func<object?, object?> function)
    {
        var results = new object?[items.Count];
        for (int i = 0; i < results.Length; i++) results[i] = function(items[i]);
        return results;
    }
}
