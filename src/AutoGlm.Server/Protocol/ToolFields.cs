using System.Text.Json;
using AutoGlm.Engine.Tools;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>The tools of a request and how they are to be used.</summary>
/// <param name="Definitions">The tools.</param>
/// <param name="Choice">Whether to call them, and which.</param>
/// <param name="Parallel">True where an answer may hold several calls.</param>
internal sealed record ToolFields(IReadOnlyList<ToolDefinition> Definitions, ToolChoice Choice, bool Parallel)
{
    private const int MaxTools = 128;

    /// <summary>Chat's shape: {type: function, function: {name, …}}.</summary>
    public static ToolFields ReadForChat(JsonFields fields) => Read(fields, tool => tool.Object("function")
        ?? throw tool.Invalid("function", "is missing; it should be an object with name, description and parameters.", "missing_required_parameter"));

    /// <summary>Responses' shape: {type: function, name, …}.</summary>
    public static ToolFields ReadForResponses(JsonFields fields) => Read(fields, tool => tool);

    private static ToolFields Read(JsonFields fields, Func<JsonFields, JsonFields> inner)
    {
        List<ToolDefinition> tools = [.. fields.Items("tools", MaxTools).Select(item => ReadTool(new JsonFields(item.Value, item.Path), inner))];
        string? twice = tools.GroupBy(tool => tool.Name).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null) throw fields.Invalid("tools", $"names {JsonFields.Quote(twice)} twice.");
        return new ToolFields(tools, ReadChoice(fields, inner, tools), fields.Boolean("parallel_tool_calls") ?? true);
    }

    private static ToolDefinition ReadTool(JsonFields tool, Func<JsonFields, JsonFields> inner)
    {
        string type = tool.RequireString("type");
        if (type != "function") throw tool.Invalid("type", $"is {JsonFields.Quote(type)}; this server calls tools of type 'function'.", "unsupported_tool");
        JsonFields function = inner(tool);
        string name = function.RequireString("name");
        if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            throw function.Invalid("name", $"is {JsonFields.Quote(name)}; it should be 1 to 64 letters, digits, dashes, dots or underscores.");
        JsonElement? parameters = function.Object("parameters")?.Element;
        return new ToolDefinition(name, function.String("description"), parameters, function.Boolean("strict") ?? false);
    }

    private static ToolChoice ReadChoice(JsonFields fields, Func<JsonFields, JsonFields> inner, List<ToolDefinition> tools)
    {
        switch (fields.Find("tool_choice"))
        {
            case null: return ToolChoice.Auto;
            case { ValueKind: JsonValueKind.String }:
                ToolChoice choice = fields.OneOf("tool_choice", "none", "auto", "required") switch { "none" => ToolChoice.None, "auto" => ToolChoice.Auto, _ => ToolChoice.Required };
                return choice.MustCall && tools.Count == 0 ? throw fields.Invalid("tool_choice", "is 'required', but there are no tools.") : choice;
            default:
                JsonFields named = fields.Object("tool_choice")!;
                named.Find("type");
                string name = inner(named).RequireString("name");
                return tools.Any(tool => tool.Name == name) ? ToolChoice.Named(name) : throw fields.Invalid("tool_choice", $"names {JsonFields.Quote(name)}, which is none of the tools.");
        }
    }
}
