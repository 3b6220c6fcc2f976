using System.Text;
using System.Text.Json.Nodes;

namespace AutoGlm.Engine;

/// <summary>
/// Keeps the texts of a conversation text: where one holds a control token's text, or a part of one at its end that what follows
/// could complete, a mark goes behind the first character. Marks come out of the rendered prompt again, and no control token is
/// seen across their places, while the template's own are.
/// </summary>
/// <remarks>The mark is a noncharacter of Unicode that no text of the conversation has, so that templates treat the text as before.</remarks>
internal sealed class PlainText
{
    private const char FirstMark = '\uFDD0', LastMark = '\uFDEF';

    private readonly string[] _controls;
    private readonly HashSet<char> _firstCharacters;
    private readonly char _mark;

    /// <param name="controls">Texts of control tokens.</param>
    /// <param name="conversation">All that holds texts of others.</param>
    public PlainText(IEnumerable<string> controls, params JsonNode?[] conversation)
    {
        _controls = [.. controls.Where(text => text.Length > 1)];
        _firstCharacters = [.. _controls.Select(text => text[0])];
        _mark = FirstMark;
        while (_mark < LastMark && conversation.Any(node => Holds(node, _mark))) _mark++;
    }

    /// <summary>A copy in which all strings are marked; names of properties too.</summary>
    /// <param name="node">Messages or tools.</param>
    /// <param name="except">Control texts that the template itself looks for in the conversation.</param>
    public JsonNode? Mark(JsonNode? node, IReadOnlyCollection<string> except) => node switch
    {
        JsonObject entries => new JsonObject(entries.Select(entry => KeyValuePair.Create(Mark(entry.Key, except), Mark(entry.Value, except)))),
        JsonArray items => new JsonArray([.. items.Select(item => Mark(item, except))]),
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String => JsonValue.Create(Mark(value.GetValue<string>(), except)),
        _ => node?.DeepClone(),
    };

    /// <summary>The text without marks, and where they stood.</summary>
    public string Unmark(string rendered, List<int> places)
    {
        // Templates that write JSON in ASCII write the mark by its number.
        rendered = rendered.Replace(Number(_mark), _mark.ToString(), StringComparison.Ordinal);
        if (!rendered.Contains(_mark)) return rendered;
        StringBuilder text = new(rendered.Length);
        foreach (char c in rendered)
        {
            if (c == _mark) places.Add(text.Length);
            else text.Append(c);
        }

        return text.ToString();
    }

    private static string Number(char mark) => $"\\u{(int)mark:x4}";

    private static bool Holds(JsonNode? node, char mark) => node switch
    {
        JsonObject entries => entries.Any(entry => IsIn(entry.Key, mark) || Holds(entry.Value, mark)),
        JsonArray items => items.Any(item => Holds(item, mark)),
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String => IsIn(value.GetValue<string>(), mark),
        _ => false,
    };

    private static bool IsIn(string text, char mark) => text.Contains(mark) || text.Contains(Number(mark), StringComparison.Ordinal);

    private string Mark(string text, IReadOnlyCollection<string> except)
    {
        // Had the conversation every mark there is, the last one could not be told from its own.
        text = text.Replace(_mark, '\uFFFD');
        StringBuilder? marked = null;
        for (int i = 0; i < text.Length; i++)
        {
            marked?.Append(text[i]);
            if (!_firstCharacters.Contains(text[i]) || !IsControl(text.AsSpan(i), except)) continue;
            marked ??= new StringBuilder().Append(text, 0, i + 1);
            marked.Append(_mark);
        }

        return marked?.ToString() ?? text;
    }

    private bool IsControl(ReadOnlySpan<char> text, IReadOnlyCollection<string> except)
    {
        foreach (string control in _controls)
        {
            if (except.Contains(control)) continue;
            if (text.StartsWith(control) || (text.Length < control.Length && control.AsSpan().StartsWith(text))) return true;
        }

        return false;
    }
}
