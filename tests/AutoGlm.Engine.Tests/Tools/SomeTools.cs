using System.Text.Json;
using AutoGlm.Engine.Tools;

namespace AutoGlm.Engine.Tests.Tools;

/// <summary>Tools to call in tests.</summary>
internal static class SomeTools
{
    public static ToolDefinition Weather { get; } = new("get_weather", "The weather of a place.", Schema("""
        {"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1,"maximum":9},"unit":{"type":"string","enum":["c","f"]}},"required":["city"]}
        """));

    public static ToolDefinition Add { get; } = new("add", null, Schema("""
        {"type":"object","properties":{"numbers":{"type":"array","items":{"type":"number"},"maxItems":3},"exact":{"type":"boolean"}},"required":["numbers","exact"]}
        """));

    public static IReadOnlyList<ToolDefinition> All { get; } = [Weather, Add];

    /// <summary>One format of each family, with the control tokens of its own.</summary>
    public static IReadOnlyDictionary<string, ToolFormat> Formats { get; } = new Dictionary<string, ToolFormat>
    {
        ["hermes"] = ToolFormats.Detect("{{ tools }}<tool_call>"),
        ["generic"] = ToolFormats.Detect("{{ messages }}"),
        ["llama"] = ToolFormats.Detect("<|python_tag|>"),
        ["mistral"] = ToolFormats.Detect("[TOOL_CALLS]"),
        ["granite"] = ToolFormats.Detect("<|tool_call|>"),
        ["deepseek"] = ToolFormats.Detect("<｜tool▁calls▁begin｜>"),
        ["glm"] = ToolFormats.Detect("<tool_call><arg_key>k</arg_key>\n<arg_value>"),
        ["glm-flat"] = ToolFormats.Detect("<tool_call><arg_key>k</arg_key><arg_value>"),
        ["qwen-xml"] = ToolFormats.Detect("<tool_call>\n<function=f>\n<parameter=p>\n"),
        ["harmony"] = ToolFormats.Detect("<|start|><|channel|><|message|>"),
    };

    private static JsonElement Schema(string text) => JsonDocument.Parse(text).RootElement.Clone();
}
