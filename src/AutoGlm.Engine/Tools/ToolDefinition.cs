using System.Text.Json;
using System.Text.Json.Nodes;

namespace AutoGlm.Engine.Tools;

/// <summary>A function that the model may ask to be called.</summary>
/// <param name="Name">1 to 64 letters, digits, underscores, hyphens and dots.</param>
/// <param name="Description">What it does, for the model; null for nothing.</param>
/// <param name="Parameters">JSON Schema of its arguments, an object; null for none.</param>
/// <param name="IsStrict">True to refuse a schema that cannot be followed; else the arguments are any object then.</param>
public sealed record ToolDefinition(string Name, string? Description, JsonElement? Parameters, bool IsStrict = false)
{
    private const int LongestName = 64;

    /// <exception cref="ArgumentException">The name is not of the kind that it should be.</exception>
    internal void Validate()
    {
        bool isName = Name.Length is > 0 and <= LongestName && Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
        if (!isName) throw new ArgumentException($"A tool's name is '{Name}'; it should have 1 to {LongestName} letters, digits, underscores, hyphens and dots.");
    }

    /// <summary>As OpenAI's requests and chat templates have it.</summary>
    internal JsonObject ToJson()
    {
        // Templates rely on all three being there.
        JsonObject function = new() { ["name"] = Name, ["description"] = Description ?? "" };
        function["parameters"] = Parameters is { } parameters ? JsonNode.Parse(parameters.GetRawText()) : new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() };
        return new JsonObject { ["type"] = "function", ["function"] = function };
    }
}
