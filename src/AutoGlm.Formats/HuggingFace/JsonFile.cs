using System.Text.Json;

namespace AutoGlm.Formats.HuggingFace;

/// <summary>Reads a JSON object from a file that nobody vouches for.</summary>
internal static class JsonFile
{
    private const long MaxBytes = 256L << 20;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The file's object; null where there is no such file.</summary>
    /// <exception cref="ModelFormatException">It cannot be read, is too large, or is no JSON object.</exception>
    public static JsonElement? ReadIfThere(string path) => File.Exists(path) ? Read(path) : null;

    /// <inheritdoc cref="ReadIfThere"/>
    public static JsonElement Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MaxBytes)
            {
                throw new ModelFormatException(path, "file", $"has {stream.Length} bytes; at most {MaxBytes} are read");
            }

            using JsonDocument document = JsonDocument.Parse(stream, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException(path, "JSON", $"must be an object but is {document.RootElement.ValueKind}");
            }

            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(path, "JSON", e.Message, e);
        }
        catch (InvalidOperationException e)
        {
            // From the search for duplicates, which unescapes every property name.
            throw new ModelFormatException(path, "JSON", "has a property name that is no sound Unicode", e);
        }
        catch (FileNotFoundException e)
        {
            throw new ModelFormatException(path, "file", "does not exist", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "file", "cannot be read: " + e.Message, e);
        }
    }

    /// <summary>A string property; null where it is absent or null.</summary>
    /// <exception cref="ModelFormatException">It is of another kind, or holds broken Unicode.</exception>
    public static string? OptionalString(string path, JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
        return String(path, value, name);
    }

    /// <exception cref="ModelFormatException">It is of another kind, or holds broken Unicode.</exception>
    public static string String(string path, JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw new ModelFormatException(path, field, $"must be a string but is {value.ValueKind}");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            // What half a surrogate pair in an escape ends in.
            throw new ModelFormatException(path, field, "is no sound Unicode", e);
        }
    }
}
