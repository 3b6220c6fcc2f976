using System.Globalization;
using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>The <c>attribute</c> of filters: an index, or names and indices with dots between them.</summary>
internal sealed class AttributePath
{
    private readonly object?[] _parts;

    private AttributePath(object?[] parts) => _parts = parts;

    public static AttributePath Create(object? attribute) => attribute switch
    {
        null => new AttributePath([]),
        string names => new AttributePath(Array.ConvertAll(names.Split('.'), Part)),
        _ => new AttributePath([attribute]),
    };

    /// <summary>A function from an item to its attribute; a missing one gives the default where there is one.</summary>
    public Func<object?, object?> Reader(RenderContext context, bool ignoreCase = false, object? missing = null) => item =>
    {
        foreach (object? part in _parts)
        {
            item = Members.Item(context, item, part);
            if (missing is not null && item is UndefinedValue) item = missing;
        }

        return ignoreCase && item is string text ? context.Text(PythonText.Lower(text)) : item;
    };

    private static object? Part(string name) =>
        name.Length is > 0 and < 10 && name.All(char.IsAsciiDigit) ? BigInteger.Parse(name, CultureInfo.InvariantCulture) : name;
}
