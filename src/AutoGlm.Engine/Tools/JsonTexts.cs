using System.Text.Encodings.Web;
using System.Text.Json;

namespace AutoGlm.Engine.Tools;

/// <summary>Small helpers around texts of JSON.</summary>
internal static class JsonTexts
{
    /// <summary>Text as people write it: no escapes but those that JSON wants.</summary>
    public static JsonSerializerOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static bool IsJson(string text) => TryParse(text, out _);

    public static bool TryParse(string text, out JsonElement value)
    {
        value = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            value = document.RootElement.Clone();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
