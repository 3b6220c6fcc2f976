using System.Runtime.InteropServices;
using System.Text.Json;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>A value in a JSON file, that knows where it is: every wrong kind is one error that names the place.</summary>
internal readonly struct JsonField(string file, string path, JsonElement element)
{
    public string File => file;

    public string Path => path.Length == 0 ? "JSON" : path;

    public JsonElement Element => element;

    public bool IsNull => element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <exception cref="ModelFormatException">The file cannot be read, or is not JSON.</exception>
    public static JsonDocument Open(string file)
    {
        try
        {
            return JsonDocument.Parse(System.IO.File.ReadAllBytes(file), new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(file, "JSON", e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(file, "file", "cannot be read: " + e.Message, e);
        }
    }

    public ModelFormatException Error(string reason, Exception? inner = null) => new(file, Path, reason, inner);

    /// <summary>A member; a null field where it is absent.</summary>
    public JsonField this[string name]
    {
        get
        {
            Require(JsonValueKind.Object, "an object");
            element.TryGetProperty(name, out JsonElement value);
            return new JsonField(file, path.Length == 0 ? name : $"{path}.{name}", value);
        }
    }

    public string Text()
    {
        Require(JsonValueKind.String, "a string");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Error("is no sound Unicode", e);
        }
    }

    public string TextOr(string fallback) => IsNull ? fallback : Text();

    public bool FlagOr(bool fallback)
    {
        if (IsNull) return fallback;
        return element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetBoolean() : throw Error("must be true or false");
    }

    public int Integer() =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value) ? value : throw Error("must be a whole number of 32 bits");

    public float Number()
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && !double.IsNaN(value)) return (float)value;
        throw Error("must be a number");
    }

    public IEnumerable<JsonField> Items()
    {
        Require(JsonValueKind.Array, "an array");
        return Walk(file, path, element);

        static IEnumerable<JsonField> Walk(string file, string path, JsonElement array)
        {
            int index = 0;
            foreach (JsonElement item in array.EnumerateArray()) yield return new JsonField(file, $"{path}[{index++}]", item);
        }
    }

    public JsonElement.ObjectEnumerator Members()
    {
        Require(JsonValueKind.Object, "an object");
        return element.EnumerateObject();
    }

    public JsonElement.ArrayEnumerator Elements()
    {
        Require(JsonValueKind.Array, "an array");
        return element.EnumerateArray();
    }

    /// <summary>A string's UTF-8 bytes, without a copy where nothing is escaped.</summary>
    public ReadOnlySpan<byte> Utf8(JsonElement text)
    {
        if (text.ValueKind != JsonValueKind.String) throw Error($"must hold strings but holds a {text.ValueKind}");
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        return raw.Contains((byte)'\\') ? Unescaped(() => text.GetString()!) : raw;
    }

    /// <summary>A member's name as UTF-8 bytes.</summary>
    public ReadOnlySpan<byte> Utf8Name(JsonProperty member)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8PropertyName(member);
        return raw.Contains((byte)'\\') ? Unescaped(() => member.Name) : raw;
    }

    private ReadOnlySpan<byte> Unescaped(Func<string> read)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetBytes(read());
        }
        catch (InvalidOperationException e)
        {
            throw Error("holds a string that is no sound Unicode", e);
        }
    }

    private void Require(JsonValueKind kind, string what)
    {
        if (element.ValueKind != kind) throw Error(IsNull ? "is missing" : $"must be {what} but is {element.ValueKind}");
    }
}
