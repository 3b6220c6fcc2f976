using System.Text.Json;
using System.Text.Json.Nodes;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>One schema object: its keywords, read with their errors.</summary>
internal sealed class SchemaNode(JsonElement element, string path)
{
    private static readonly HashSet<string> s_notes =
        ["title", "description", "default", "example", "examples", "$schema", "$id", "id", "$comment", "deprecated", "readOnly", "writeOnly", "$defs", "definitions", "strict"];

    private static readonly HashSet<string> s_objects = ["properties", "required", "additionalProperties", "minProperties", "maxProperties"];
    private static readonly HashSet<string> s_arrays = ["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"];
    private static readonly HashSet<string> s_strings = ["minLength", "maxLength", "pattern"];
    private static readonly HashSet<string> s_numbers = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
    private static readonly HashSet<string> s_general = ["type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf", "nullable", "format"];
    private static readonly string[] s_types = ["object", "array", "string", "number", "boolean", "null"];

    public JsonElement Element { get; } = element;

    /// <summary>Where it is: a JSON pointer after a number sign.</summary>
    public string Path { get; } = path;

    public bool Has(string keyword) => Element.TryGetProperty(keyword, out _);

    public bool TryGet(string keyword, out JsonElement value) => Element.TryGetProperty(keyword, out value);

    public JsonElement Get(string keyword) => Element.GetProperty(keyword);

    public string At(string keyword, string? name = null) => $"{Path}/{keyword}" + (name is null ? "" : "/" + name.Replace("~", "~0").Replace("/", "~1"));

    public GrammarException Error(string keyword, string reason) => new(Path, $"{keyword}: {reason}");

    /// <exception cref="GrammarException">A keyword is not supported.</exception>
    public void CheckKeywords()
    {
        foreach (JsonProperty keyword in Element.EnumerateObject())
        {
            string name = keyword.Name;
            bool known = s_notes.Contains(name) || s_general.Contains(name) || s_objects.Contains(name) || s_arrays.Contains(name) || s_strings.Contains(name) || s_numbers.Contains(name);
            if (!known && !name.StartsWith("x-", StringComparison.Ordinal)) throw Error(name, "this keyword is not supported; docs/structured-output.md lists those that are");
        }
    }

    /// <exception cref="GrammarException">Something but notes stands beside a keyword.</exception>
    public void CheckOnly(string keyword, params string[] beside)
    {
        foreach (JsonProperty other in Element.EnumerateObject())
        {
            if (other.Name != keyword && other.Name != "nullable" && !IsNote(other.Name) && !beside.Contains(other.Name)) throw Error(other.Name, $"it is not supported beside {keyword}");
        }
    }

    /// <summary>True where nothing but notes stands beside a keyword.</summary>
    public bool HasOnly(string keyword) => Element.EnumerateObject().All(other => other.Name == keyword || other.Name == "nullable" || IsNote(other.Name));

    /// <summary>The schema without a keyword and without notes; null where nothing is left.</summary>
    public JsonElement? Without(string keyword)
    {
        JsonObject rest = [];
        foreach (JsonProperty other in Element.EnumerateObject())
        {
            if (other.Name != keyword && other.Name != "nullable" && !IsNote(other.Name)) rest[other.Name] = JsonNode.Parse(other.Value.GetRawText());
        }

        return rest.Count == 0 ? null : JsonSerializer.SerializeToElement(rest);
    }

    public static bool IsNote(string keyword) => s_notes.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal);

    /// <summary>The types that a value may have: as the schema says, or else those that its keywords are about.</summary>
    public string[] Types()
    {
        if (TryGet("type", out JsonElement type))
        {
            JsonElement[] types = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : [type];
            if (types.Length == 0 || types.Any(one => one.ValueKind != JsonValueKind.String)) throw Error("type", "it should be the name of a type, or a list of such");
            string[] names = [.. types.Select(one => one.GetString()!).Distinct()];
            return names.Contains("number") ? [.. names.Where(name => name != "integer")] : names;
        }

        List<string> meant = [];
        if (Any(s_objects)) meant.Add("object");
        if (Any(s_arrays)) meant.Add("array");
        if (Any(s_strings) || (TryGet("format", out JsonElement format) && !NumberSchema.IsFormat(format.ToString()))) meant.Add("string");
        if (Any(s_numbers)) meant.Add("number");
        return meant.Count > 0 ? [.. meant] : s_types;
    }

    public static bool IsOf(JsonElement value, string[] types) => value.ValueKind switch
    {
        JsonValueKind.Object => types.Contains("object"),
        JsonValueKind.Array => types.Contains("array"),
        JsonValueKind.String => types.Contains("string"),
        JsonValueKind.Number => types.Contains("number") || (types.Contains("integer") && value.TryGetDouble(out double number) && number == Math.Floor(number)),
        JsonValueKind.True or JsonValueKind.False => types.Contains("boolean"),
        _ => types.Contains("null"),
    };

    public static string TypeOf(JsonElement value) => s_types.First(type => IsOf(value, [type]));

    public bool Flag(string keyword)
    {
        if (!TryGet(keyword, out JsonElement value)) return false;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Error(keyword, "it should be true or false");
    }

    public JsonElement[] Array(JsonElement value, string keyword) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Error(keyword, "it should be an array");

    public string? Text(string keyword)
    {
        if (!TryGet(keyword, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Error(keyword, "it should be a string");
    }

    public HashSet<string> Texts(string keyword)
    {
        if (!TryGet(keyword, out JsonElement value)) return [];
        JsonElement[] items = Array(value, keyword);
        return items.All(item => item.ValueKind == JsonValueKind.String) ? [.. items.Select(item => item.GetString()!)] : throw Error(keyword, "it should be an array of strings");
    }

    public JsonProperty[] Properties(string keyword)
    {
        if (!TryGet(keyword, out JsonElement value)) return [];
        return value.ValueKind == JsonValueKind.Object ? [.. value.EnumerateObject()] : throw Error(keyword, "it should be an object");
    }

    /// <summary>A least and a most count, the least no more than the most.</summary>
    public (int Least, int? Most) Counts(string leastKeyword, string mostKeyword)
    {
        int? least = Count(leastKeyword), most = Count(mostKeyword);
        return most < least ? throw Error(mostKeyword, $"it is {most}, less than {leastKeyword}, {least}") : (least ?? 0, most);
    }

    private int? Count(string keyword)
    {
        if (!TryGet(keyword, out JsonElement value)) return null;
        bool isCount = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= 0 && number <= MostCount && number == Math.Floor(number);
        return isCount ? (int)value.GetDouble() : throw Error(keyword, $"it should be a whole number from 0 to {MostCount:N0}");
    }

    private const int MostCount = 1_000_000;

    private bool Any(HashSet<string> keywords) => Element.EnumerateObject().Any(keyword => keywords.Contains(keyword.Name));
}
