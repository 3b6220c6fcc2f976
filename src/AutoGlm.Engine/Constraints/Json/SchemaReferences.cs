using System.Text.Json;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>Finds what <c>$ref</c> points to within a document.</summary>
internal sealed class SchemaReferences(JsonElement document)
{
    /// <exception cref="GrammarException">It points outside the document.</exception>
    public static string Pointer(JsonElement reference, string path)
    {
        string? text = reference.ValueKind == JsonValueKind.String ? reference.GetString() : null;
        if (text is null || !(text == "#" || text.StartsWith("#/", StringComparison.Ordinal))) throw new GrammarException(path, $"'{reference}' is not supported: references point into the same schema (#/$defs/name)");
        return Uri.UnescapeDataString(text);
    }

    /// <exception cref="GrammarException">There is nothing there.</exception>
    public JsonElement Resolve(string pointer, string path)
    {
        JsonElement at = document;
        foreach (string part in pointer.Split('/').Skip(1))
        {
            string name = part.Replace("~1", "/").Replace("~0", "~");
            bool found = at.ValueKind switch
            {
                JsonValueKind.Object => at.TryGetProperty(name, out at),
                JsonValueKind.Array => int.TryParse(name, out int index) && index >= 0 && index < at.GetArrayLength() && (at = at[index]).ValueKind != JsonValueKind.Undefined,
                _ => false,
            };
            if (!found) throw new GrammarException(path, $"the schema has nothing at {pointer}");
        }

        return at;
    }
}
