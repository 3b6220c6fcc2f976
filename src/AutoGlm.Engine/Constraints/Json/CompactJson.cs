using System.Text;
using System.Text.Json;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>Values as constrained JSON spells them: without white space, with the shortest escapes.</summary>
internal static class CompactJson
{
    /// <exception cref="GrammarException">The value nests too deeply.</exception>
    public static string Write(JsonElement value, string path)
    {
        StringBuilder text = new();
        Append(text, value, path, 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement value, string path, int depth)
    {
        if (depth > Automata.GrammarLimits.Depth) throw new GrammarException(path, "the value nests too deeply");
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                AppendAll(text, "{}", value.EnumerateObject(), property =>
                {
                    text.Append(JsonSyntax.Quote(property.Name)).Append(':');
                    Append(text, property.Value, path, depth + 1);
                });
                break;
            case JsonValueKind.Array:
                AppendAll(text, "[]", value.EnumerateArray(), item => Append(text, item, path, depth + 1));
                break;
            case JsonValueKind.String:
                text.Append(JsonSyntax.Quote(value.GetString()!));
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void AppendAll<T>(StringBuilder text, string brackets, IEnumerable<T> items, Action<T> append)
    {
        text.Append(brackets[0]);
        int count = 0;
        foreach (T item in items)
        {
            if (count++ > 0) text.Append(',');
            append(item);
        }

        text.Append(brackets[1]);
    }
}
