using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat;

/// <summary>Turns the caller's values into the template's.</summary>
internal static class InputValues
{
    public static object? Convert(object? value, int depth = 0)
    {
        if (depth > SequenceValue.MaxDepth) throw TemplateError.Limit($"the input nests over {SequenceValue.MaxDepth} deep");
        switch (value)
        {
            case null or bool or string or double: return value;
            case JsonNode node: return FromElement(JsonSerializer.SerializeToElement(node, s_options), depth);
            case JsonElement element: return FromElement(element, depth);
            case float real: return (double)real;
            case decimal real: return (double)real;
            case int or long or short or byte or uint or ulong or ushort or sbyte:
                return BigInteger.Parse(System.Convert.ToString(value, CultureInfo.InvariantCulture)!, CultureInfo.InvariantCulture);
            case BigInteger: return value;
            case ChatTurn turn: return new DictValue([new("role", turn.Role), new("content", turn.Content)]);
            case IEnumerable<KeyValuePair<string, object?>> entries:
                return new DictValue(entries.Select(entry => new KeyValuePair<object?, object?>(entry.Key, Convert(entry.Value, depth + 1))));
            case IEnumerable items: return new ListValue([.. items.Cast<object?>().Select(item => Convert(item, depth + 1))]);
            default: throw TemplateError.Value($"the input holds a {value.GetType().Name}, which templates have no type for");
        }
    }

    private static readonly JsonSerializerOptions s_options = new() { MaxDepth = SequenceValue.MaxDepth };

    private static object? FromElement(JsonElement element, int depth)
    {
        if (depth > SequenceValue.MaxDepth) throw TemplateError.Limit($"the input nests over {SequenceValue.MaxDepth} deep");
        switch (element.ValueKind)
        {
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            case JsonValueKind.String: return element.GetString();
            case JsonValueKind.Number: return Number(element.GetRawText());
            case JsonValueKind.Array: return new ListValue([.. element.EnumerateArray().Select(item => FromElement(item, depth + 1))]);
            case JsonValueKind.Object:
                return new DictValue(element.EnumerateObject()
                    .Select(entry => new KeyValuePair<object?, object?>(entry.Name, FromElement(entry.Value, depth + 1))));
            default: return null;
        }
    }

    private static object Number(string text) => text.AsSpan().ContainsAny('.', 'e', 'E') || text.Length > 4300
        ? double.Parse(text, CultureInfo.InvariantCulture)
        : BigInteger.Parse(text, CultureInfo.InvariantCulture);
}
