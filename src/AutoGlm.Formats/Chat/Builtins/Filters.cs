using System.Collections.Frozen;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

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

    /// <summary>Filters that leave safe text as it is.</summary>
    private static readonly FrozenSet<string> s_passSafe = FrozenSet.Create("e", "escape", "safe", "string");

    /// <summary>Filters that give safe text for any input.</summary>
    private static readonly FrozenSet<string> s_makeSafe = FrozenSet.Create("e", "escape", "forceescape", "safe");

    /// <summary>Filters that give safe text for safe text.</summary>
    private static readonly FrozenSet<string> s_keepSafe =
        FrozenSet.Create("capitalize", "center", "forceescape", "format", "indent", "lower", "reverse", "trim", "upper");

    public static bool Exists(string name) => s_all.ContainsKey(name);

    public static object? Apply(RenderContext context, string name, object? input, Arguments arguments)
    {
        if (!s_all.TryGetValue(name, out Filter? filter)) throw TemplateError.Unsupported($"filter '{name}' is not supported");
        arguments = arguments.Plain();
        if (input is not SafeText safe) return s_makeSafe.Contains(name) ? SafeText.Wrap(filter(context, input, arguments)) : filter(context, input, arguments);
        if (s_passSafe.Contains(name)) return safe;
        object? result = filter(context, safe.Text, arguments);
        return s_keepSafe.Contains(name) || ReferenceEquals(result, safe.Text) ? SafeText.Wrap(result) : result;
    }
}
