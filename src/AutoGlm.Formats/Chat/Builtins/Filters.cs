using System.Collections.Frozen;
using AutoGlm.Formats.Chat.Evaluation;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>A filter: its input and its arguments to a value.</summary>
internal delegate object? Filter(RenderContext context, object? input, Arguments arguments);

/// <summary>Filters by name.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Filter> s_all = TextFilters.All
        .Concat(NumberFilters.All)
        .Concat(SequenceFilters.All)
        .Concat(SelectionFilters.All)
        .ToFrozenDictionary(entry => entry.Name, entry => entry.Filter);

    public static bool Exists(string name) => s_all.ContainsKey(name);

    public static object? Apply(RenderContext context, string name, object? input, Arguments arguments) =>
        s_all.TryGetValue(name, out Filter? filter)
            ? filter(context, input, arguments)
            : throw TemplateError.Unsupported($"filter '{name}' is not supported");
}
