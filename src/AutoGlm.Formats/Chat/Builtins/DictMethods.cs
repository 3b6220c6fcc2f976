using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Methods of dictionaries.</summary>
internal static class DictMethods
{
    /// <summary>The method of that name; an unsafe value for those that would change the dictionary; else null.</summary>
    public static object? Find(DictValue dictionary, string name) => name switch
    {
        "get" => new FunctionValue(name, (context, arguments) => Get(context, dictionary, arguments)),
        "items" => new FunctionValue(name, (context, arguments) => View(context, "dict_items", Pairs(dictionary))),
        "keys" => new FunctionValue(name, (context, arguments) => View(context, "dict_keys", [.. dictionary.Keys])),
        "values" => new FunctionValue(name, (context, arguments) => View(context, "dict_values", [.. dictionary.Entries.Select(entry => entry.Value)])),
        "copy" => new FunctionValue(name, (_, _) => dictionary),
        "clear" or "pop" or "popitem" or "setdefault" or "update" => UndefinedValue.Unsafe(dictionary, name),
        _ => null,
    };

    public static object?[] Pairs(DictValue dictionary) => [.. dictionary.Entries.Select(entry => new TupleValue([entry.Key, entry.Value]))];

    private static DictViewValue View(RenderContext context, string typeName, object?[] items)
    {
        context.Meter.ChargeItems(items.Length);
        return new DictViewValue(typeName, items);
    }

    private static object? Get(RenderContext context, DictValue dictionary, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("get", 1, "key", "default");
        context.Meter.Charge(TemplateValue.WeightOf(bound[0]));
        return dictionary.TryGet(bound[0], out object? value) ? value : bound.Or(1, null);
    }
}
