using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AutoGlm.Server.Http;

/// <summary>
/// A JSON object as a request gives it, read field by field: what is of the wrong type or outside its range is refused with its
/// path, what was never asked for can be told. A field that is null counts as absent.
/// </summary>
internal sealed class JsonFields
{
    private const int ShownLength = 40;

    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unread;
    private readonly string _path;

    /// <param name="value">An object.</param>
    /// <param name="path">Where it is in the body; empty for the body itself.</param>
    public JsonFields(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object) throw ApiException.Invalid(path, $"{path} is {Describe(value)}; it should be an object.");
        Element = value;
        _path = path;
        foreach (JsonProperty property in value.EnumerateObject()) _fields[Decoded(property)] = property.Value;
        _unread = [.. _fields.Keys];
    }

    public JsonElement Element { get; }

    /// <summary>Fields that nobody asked for, by name.</summary>
    public IReadOnlyCollection<string> Unread => _unread;

    /// <summary>A field's path in the body.</summary>
    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    /// <summary>A field is wrong: <c>PATH MESSAGE</c>.</summary>
    public ApiException Invalid(string name, string message, string? code = null) => ApiException.Invalid(PathOf(name), $"{PathOf(name)} {message}", code);

    public bool Has(string name) => Find(name) is not null;

    /// <summary>A field of any type; null where it is absent or null.</summary>
    public JsonElement? Find(string name)
    {
        _unread.Remove(name);
        return _fields.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>A field of any type.</summary>
    /// <exception cref="ApiException">It is missing.</exception>
    public JsonElement Require(string name, string wanted) => Find(name) ?? throw Invalid(name, $"is missing; it should be {wanted}.", "missing_required_parameter");

    public string? String(string name) => Find(name) is { } value ? Text(value, PathOf(name)) : null;

    public string RequireString(string name) => Text(Require(name, "a string"), PathOf(name));

    public bool? Boolean(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Invalid(name, $"is {Describe(other)}; it should be true or false."),
    };

    public int? Integer(string name, int least, int most) => (int?)Long(name, least, most);

    public long? Long(string name, long least = long.MinValue, long most = long.MaxValue)
    {
        if (Find(name) is not { } value) return null;
        // 1.0 and 1e3 are whole numbers too.
        if (value.ValueKind != JsonValueKind.Number || !(value.TryGetInt64(out long number) || TryWhole(value, out number)))
            throw Invalid(name, $"is {Describe(value)}; it should be a whole number{Range(least, most)}.");
        return number >= least && number <= most ? number : throw Invalid(name, $"is {number}; it should be a whole number{Range(least, most)}.", "out_of_range");
    }

    public float? Number(string name, float least, float most)
    {
        if (Find(name) is not { } value) return null;
        string range = string.Create(CultureInfo.InvariantCulture, $"a number between {least} and {most}");
        if (value.ValueKind != JsonValueKind.Number) throw Invalid(name, $"is {Describe(value)}; it should be {range}.");
        // What overflows is outside every range.
        double number = value.TryGetDouble(out double parsed) ? parsed : double.PositiveInfinity;
        return number >= least && number <= most ? (float)number : throw Invalid(name, $"is {Describe(value)}; it should be {range}.", "out_of_range");
    }

    /// <summary>One of some words.</summary>
    public string? OneOf(string name, params string[] words)
    {
        if (String(name) is not { } word) return null;
        return words.Contains(word) ? word : throw Invalid(name, $"is {Quote(word)}; it should be {string.Join(" or ", words.Select(Quote))}.");
    }

    public JsonFields? Object(string name) => Find(name) is { } value ? new JsonFields(value, PathOf(name)) : null;

    /// <summary>The items of an array; none where it is absent.</summary>
    /// <exception cref="ApiException">It is no array, or a longer one than allowed.</exception>
    public IReadOnlyList<(JsonElement Value, string Path)> Items(string name, int most)
    {
        if (Find(name) is not { } value) return [];
        if (value.ValueKind != JsonValueKind.Array) throw Invalid(name, $"is {Describe(value)}; it should be an array.");
        if (value.GetArrayLength() > most) throw Invalid(name, $"has {value.GetArrayLength():N0} items; at most {most:N0} are taken.", "array_too_long");
        return [.. value.EnumerateArray().Select((item, i) => (item, $"{PathOf(name)}[{i}]"))];
    }

    /// <summary>A string or an array of strings, as a list.</summary>
    public IReadOnlyList<string> Strings(string name, int most) =>
        Find(name) is { ValueKind: JsonValueKind.String } ? [String(name)!] : [.. Items(name, most).Select(item => Text(item.Value, item.Path))];

    /// <summary>A field's own copy, to be changed.</summary>
    public JsonNode? Node(string name) => Find(name) is { } value ? ToNode(value, PathOf(name)) : null;

    /// <summary>A copy of a value, to be changed.</summary>
    public static JsonNode ToNode(JsonElement value, string path)
    {
        try
        {
            return JsonNode.Parse(value.GetRawText(), documentOptions: new JsonDocumentOptions { MaxDepth = RequestBody.MaxDepth })!;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw ApiException.Invalid(path, $"{path} cannot be read: {error.Message}");
        }
    }

    /// <summary>A string's text.</summary>
    public static string Text(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.String) throw ApiException.Invalid(path, $"{path} is {Describe(value)}; it should be a string.");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(path, $"{path} holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no text.", "invalid_utf8");
        }
    }

    /// <summary>What a value is, for messages: a string, the number 7.</summary>
    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "the number " + Shorten(value.GetRawText()),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    /// <summary>A client's word in a message: cut short, on one line.</summary>
    public static string Quote(string word) => $"'{Shorten(new string([.. word.Select(c => char.IsControl(c) ? ' ' : c)]))}'";

    private static string Shorten(string text) => text.Length <= ShownLength ? text : text[..ShownLength] + "…";

    private static string Range(long least, long most) => (least, most) switch
    {
        (long.MinValue, long.MaxValue) => "",
        (_, long.MaxValue or int.MaxValue) => $", {least} at least",
        _ => $" between {least} and {most}",
    };

    private static bool TryWhole(JsonElement value, out long number)
    {
        bool whole = value.TryGetDouble(out double real) && Math.Abs(real) < 1L << 53 && real == Math.Floor(real);
        number = whole ? (long)real : 0;
        return whole;
    }

    private string Decoded(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(_path, "A field's name holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no text.", "invalid_utf8");
        }
    }
}
