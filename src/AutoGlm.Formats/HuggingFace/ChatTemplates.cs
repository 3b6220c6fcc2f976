using System.Text;
using System.Text.Json;

namespace AutoGlm.Formats.HuggingFace;

/// <summary>
/// The chat templates of a folder, by name: chat_template.jinja ("default") and additional_chat_templates/NAME.jinja,
/// or else <c>chat_template</c> in chat_template.json or tokenizer_config.json: a string ("default") or a list of
/// {name, template}.
/// </summary>
internal static class ChatTemplates
{
    private const long MaxBytes = 4 << 20;
    private const string Field = "chat_template";

    public static Dictionary<string, string> Read(string folder, string tokenizerConfigPath, JsonElement? tokenizerConfig)
    {
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        string jinja = Path.Combine(folder, "chat_template.jinja"), json = Path.Combine(folder, "chat_template.json");
        if (File.Exists(jinja))
        {
            templates["default"] = ReadText(jinja);
            string more = Path.Combine(folder, "additional_chat_templates");
            if (!Directory.Exists(more)) return templates;
            foreach (string path in Directory.EnumerateFiles(more, "*.jinja").Order(StringComparer.Ordinal))
            {
                templates.TryAdd(Path.GetFileNameWithoutExtension(path), ReadText(path));
            }
        }
        else if (JsonFile.ReadIfThere(json) is JsonElement element)
        {
            Add(templates, json, element);
        }
        else if (tokenizerConfig is JsonElement config)
        {
            Add(templates, tokenizerConfigPath, config);
        }

        return templates;
    }

    /// <summary>The template named "default", or the only one there is; null otherwise.</summary>
    public static string? Default(IReadOnlyDictionary<string, string> templates) =>
        templates.TryGetValue("default", out string? template) ? template : templates.Count == 1 ? templates.Values.Single() : null;

    private static void Add(Dictionary<string, string> templates, string path, JsonElement config)
    {
        if (!config.TryGetProperty(Field, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return;
        if (value.ValueKind != JsonValueKind.Array)
        {
            templates["default"] = JsonFile.String(path, value, Field);
            return;
        }

        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object
                || JsonFile.OptionalString(path, item, "name") is not string name
                || JsonFile.OptionalString(path, item, "template") is not string template)
            {
                throw new ModelFormatException(path, Field, "must be a string, or a list of objects with name and template");
            }

            if (!templates.TryAdd(name, template)) throw new ModelFormatException(path, Field, $"has the name '{name}' twice");
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MaxBytes) throw new ModelFormatException(path, "file", $"has {length} bytes; at most {MaxBytes} are read");
            return File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException(path, "file", "is not UTF-8", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "file", "cannot be read: " + e.Message, e);
        }
    }
}
