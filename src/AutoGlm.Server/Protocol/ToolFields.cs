using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>Whether the model is to call tools.</summary>
internal enum ToolUse
{
    None,
    Auto,

    /// <summary>At least one, or the one named.</summary>
    Required,
}

/// <summary>A function the model may call.</summary>
/// <param name="Name">1 to 64 of A-Z a-z 0-9 _ -.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">JSON Schema of its arguments; null for none.</param>
internal sealed record ToolDefinition(string Name, string? Description, JsonNode? Parameters)
{
    /// <summary>As chat templates read it.</summary>
    public JsonObject ToTemplate()
    {
        JsonObject function = new() { ["name"] = Name };
        if (Description is not null) function["description"] = Description;
        function["parameters"] = Parameters?.DeepClone() ?? new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() };
        return new JsonObject { ["type"] = "function", ["function"] = function };
    }
}

/// <summary>The tools of a request and how they are to be used.</summary>
/// <param name="Definitions">The tools.</param>
/// <param name="Use">Whether to call them.</param>
/// <param name="Only">The one to call; null for any.</param>
/// <param name="Parallel">True where an answer may hold several calls.</param>
internal sealed record ToolFields(IReadOnlyList<ToolDefinition> Definitions, ToolUse Use, string? Only, bool Parallel)
{
    private const int MaxTools = 128;

    /// <summary>Those the model is told of.</summary>
    public bool Any => Definitions.Count > 0 && Use != ToolUse.None;

    /// <summary>Chat's shape: {type: function, function: {name, …}}.</summary>
    public static ToolFields ReadForChat(JsonFields fields) => Read(fields, (tool, path) => tool.Object("function")
        ?? throw tool.Invalid("function", "is missing; it should be an object with name, description and parameters.", "missing_required_parameter"));

    /// <summary>Responses' shape: {type: function, name, …}.</summary>
    public static ToolFields ReadForResponses(JsonFields fields) => Read(fields, (tool, path) => tool);

    private static ToolFields Read(JsonFields fields, Func<JsonFields, string, JsonFields> inner)
    {
        List<ToolDefinition> tools = [.. fields.Items("tools", MaxTools).Select(item => ReadTool(new JsonFields(item.Value, item.Path), item.Path, inner))];
        string? twice = tools.GroupBy(tool => tool.Name).FirstOrDefault(group => group.Count() > 1)?.Key;
        if (twice is not null) throw fields.Invalid("tools", $"names {JsonFields.Quote(twice)} twice.");
        bool parallel = fields.Boolean("parallel_tool_calls") ?? true;
        (ToolUse use, string? only) = ReadChoice(fields, inner, tools);
        return new ToolFields(tools, use, only, parallel);
    }

    private static ToolDefinition ReadTool(JsonFields tool, string path, Func<JsonFields, string, JsonFields> inner)
    {
        string type = tool.RequireString("type");
        if (type != "function") throw tool.Invalid("type", $"is {JsonFields.Quote(type)}; this server calls tools of type 'function'.", "unsupported_tool");
        JsonFields function = inner(tool, path);
        string name = function.RequireString("name");
        if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            throw function.Invalid("name", $"is {JsonFields.Quote(name)}; it should be 1 to 64 letters, digits, dashes or underscores.");
        function.Boolean("strict");
        JsonNode? parameters = function.Object("parameters") is null ? null : function.Node("parameters");
        return new ToolDefinition(name, function.String("description"), parameters);
    }

    private static (ToolUse Use, string? Only) ReadChoice(JsonFields fields, Func<JsonFields, string, JsonFields> inner, List<ToolDefinition> tools)
    {
        switch (fields.Find("tool_choice"))
        {
            case null: return (tools.Count > 0 ? ToolUse.Auto : ToolUse.None, null);
            case { ValueKind: JsonValueKind.String }:
                ToolUse use = fields.OneOf("tool_choice", "none", "auto", "required") switch { "none" => ToolUse.None, "auto" => ToolUse.Auto, _ => ToolUse.Required };
                if (use == ToolUse.Required && tools.Count == 0) throw fields.Invalid("tool_choice", "is 'required', but there are no tools.");
                return (tools.Count > 0 ? use : ToolUse.None, null);
            default:
                JsonFields choice = fields.Object("tool_choice")!;
                choice.Find("type");
                string name = inner(choice, fields.PathOf("tool_choice")).RequireString("name");
                if (tools.All(tool => tool.Name != name)) throw fields.Invalid("tool_choice", $"names {JsonFields.Quote(name)}, which is none of the tools.");
                return (ToolUse.Required, name);
        }
    }
}
