using System.Text.Json;

namespace AutoGlm.Engine.Tools;

/// <summary>Reads calls in tags; each argument goes on as JSON once its tag is closed.</summary>
internal sealed class TaggedCallReader(TaggedToolFormat format, IReadOnlyList<ToolDefinition> tools) : ICallReader
{
    private string? _name;
    private string? _key;
    private int _arguments;

    private string ValueOpen => format.AfterKey.EndsWith("<arg_value>", StringComparison.Ordinal) ? "<arg_value>" : ">";

    private string KeyClose => ValueOpen == ">" ? ">" : "</arg_key>";

    private string ValueClose => format.AfterValue.Trim('\n');

    public bool Read(HeldText text, CallSink sink)
    {
        while (true)
        {
            if (_name is null)
            {
                if (!TakeName(text, sink)) return false;
            }
            else if (_key is null)
            {
                // What stands between tags is white space, and of no meaning.
                text.TakeBefore([format.BeforeKey, "</tool_call>"], out string? found);
                if (found is null) return false;
                if (found == "</tool_call>")
                {
                    sink.Arguments(_arguments == 0 ? "{}" : "}");
                    return true;
                }

                _key = "";
            }
            else if (!TakeArgument(text, sink))
            {
                return false;
            }
        }
    }

    public void End(HeldText text, CallSink sink)
    {
        if (_name is null) sink.Content(text.TakeAll());
    }

    /// <summary>Whether a schema is of strings alone.</summary>
    public static bool IsString(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() == "string";

    private bool TakeName(HeldText text, CallSink sink)
    {
        string trimmed = text.All.TrimStart();
        string prefix = format.BeforeName.Trim('\n');
        string[] ends = prefix.Length > 0 ? [">"] : ["\n", format.BeforeKey, "</tool_call>"];
        int end = ends.Select(mark => trimmed.IndexOf(mark, Math.Min(prefix.Length, trimmed.Length), StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        if (end < 0 || !trimmed.StartsWith(prefix, StringComparison.Ordinal)) return false;
        text.TakeAll();
        _name = trimmed[prefix.Length..end].Trim();
        text.Append(prefix.Length > 0 ? trimmed[(end + 1)..] : trimmed[end..]);
        sink.Begin(_name);
        return true;
    }

    private bool TakeArgument(HeldText text, CallSink sink)
    {
        string all = text.All;
        int keyEnd = all.IndexOf(KeyClose, StringComparison.Ordinal);
        int valueStart = keyEnd < 0 ? -1 : all.IndexOf(ValueOpen, keyEnd, StringComparison.Ordinal);
        int valueEnd = valueStart < 0 ? -1 : all.IndexOf(ValueClose, valueStart, StringComparison.Ordinal);
        if (valueEnd < 0) return false;
        text.TakeAll();
        string key = all[..keyEnd], value = all[(valueStart + ValueOpen.Length)..valueEnd];
        if (ValueOpen == ">") value = WithoutLines(value);
        sink.Arguments((_arguments++ == 0 ? "{" : ", ") + JsonSerializer.Serialize(key, JsonTexts.Options) + ": " + ToJson(key, value));
        text.Append(all[(valueEnd + ValueClose.Length)..]);
        _key = null;
        return true;
    }

    private static string WithoutLines(string value)
    {
        if (value.StartsWith('\n')) value = value[1..];
        return value.EndsWith('\n') ? value[..^1] : value;
    }

    private string ToJson(string key, string value)
    {
        JsonElement? schema = tools.FirstOrDefault(tool => tool.Name == _name)?.Parameters is { ValueKind: JsonValueKind.Object } parameters
            && parameters.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(key, out JsonElement own) ? own : null;
        if (schema is { } known && IsString(known)) return JsonSerializer.Serialize(value, JsonTexts.Options);
        // Python's spelling of JSON's constants comes from templates that print values as they are.
        string json = value.Trim() switch
        {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            string other => other,
        };
        return JsonTexts.IsJson(json) ? json : JsonSerializer.Serialize(value, JsonTexts.Options);
    }
}
