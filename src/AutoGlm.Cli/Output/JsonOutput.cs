using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutoGlm.Cli.Output;

/// <summary>Results for machines: one JSON value a line, with snake_case names.</summary>
internal static class JsonOutput
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        // The output is no part of a web page; text stays readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void WriteLine<T>(Terminal terminal, T value)
    {
        terminal.Out.Write(JsonSerializer.Serialize(value, Options));
        terminal.Out.Write('\n');
        terminal.Out.Flush();
    }
}
