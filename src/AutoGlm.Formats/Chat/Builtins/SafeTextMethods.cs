using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>String methods on safe text: strings they give are safe again, and text they put in is escaped.</summary>
internal static class SafeTextMethods
{
    public static FunctionValue? Find(SafeText safe, string name)
    {
        FunctionValue? plain = StringMethods.Find(safe.Text, name);
        return plain is null
            ? null
            : new FunctionValue(name, (context, arguments) => SafeText.Wrap(plain.Call(context, Escape(context, name, arguments))));
    }

    private static Arguments Escape(RenderContext context, string name, Arguments arguments)
    {
        object? Escaped(object? value) => SafeText.EscapeValue(context, value);
        object? EscapedItems(object? items) => context.List([.. Iteration.Items(context, items).Select(Escaped)]);
        IReadOnlyList<object?> positional = arguments.Positional;
        return name switch
        {
            "join" when positional is [var items] => Arguments.Of(EscapedItems(items)),
            "replace" when positional.Count > 1 => arguments with { Positional = [positional[0], Escaped(positional[1]), .. positional.Skip(2)] },
            "format" => new Arguments(
                [.. positional.Select(Escaped)],
                [.. arguments.Named.Select(argument => new KeyValuePair<string, object?>(argument.Key, Escaped(argument.Value)))]),
            _ => arguments,
        };
    }
}
