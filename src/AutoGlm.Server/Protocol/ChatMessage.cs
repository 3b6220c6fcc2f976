using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>A message of a conversation.</summary>
public sealed record ChatMessage
{
    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool", "function"];

    public ChatMessage(string role, string content)
    {
        Role = role;
        Content = content;
    }

    internal ChatMessage(JsonElement value, string path)
    {
        JsonFields fields = new(value, path);
        string role = fields.RequireString("role");
        if (!Roles.Contains(role)) throw fields.Invalid("role", $"is {JsonFields.Quote(role)}; it should be {string.Join(", ", Roles)}.");
        // Templates know the newer names of neither.
        Role = role switch { "developer" => "system", "function" => "tool", _ => role };
        Content = ReadContent(fields, "content");
        ReasoningContent = fields.String("reasoning_content");
        ToolCallId = fields.String("tool_call_id");
        Name = fields.String("name");
        ToolCalls = [.. fields.Items("tool_calls", 128).Select(item => ReadCall(item.Value, item.Path))];
        if (ToolCalls.Count > 0 && Role != "assistant") throw fields.Invalid("tool_calls", "belong in messages of role assistant.");
        if (ToolCalls.Count == 0 && !fields.Has("content") && Role != "assistant") throw fields.Invalid("content", "is missing; it should be a string or a list of text parts.", "missing_required_parameter");
    }

    /// <summary>system, developer, user, assistant or tool.</summary>
    public string Role { get; }

    /// <summary>The text: a string, or a list of parts of type text.</summary>
    public string Content { get; }

    /// <summary>What an assistant thought.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>Which call a tool's message answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The speaker's or the tool's name.</summary>
    public string? Name { get; init; }

    /// <summary>The tools an assistant called.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>As chat templates read it.</summary>
    internal JsonObject ToTemplate()
    {
        JsonObject message = new() { ["role"] = Role, ["content"] = Content };
        if (ReasoningContent is not null) message["reasoning_content"] = ReasoningContent;
        if (ToolCallId is not null) message["tool_call_id"] = ToolCallId;
        if (Name is not null) message["name"] = Name;
        if (ToolCalls.Count > 0) message["tool_calls"] = new JsonArray([.. ToolCalls.Select(ToTemplate)]);
        return message;
    }

    /// <summary>A text, or parts of which all are text.</summary>
    internal static string ReadContent(JsonFields fields, string name)
    {
        switch (fields.Find(name))
        {
            case null: return "";
            case { ValueKind: JsonValueKind.String }: return fields.String(name)!;
            case { ValueKind: JsonValueKind.Array }: return string.Concat(fields.Items(name, 4096).Select(part => ReadPart(part.Value, part.Path)));
            case { } other: throw fields.Invalid(name, $"is {JsonFields.Describe(other)}; it should be a string or a list of text parts.");
        }
    }

    private static string ReadPart(JsonElement value, string path)
    {
        JsonFields part = new(value, path);
        string type = part.RequireString("type");
        return type switch
        {
            "text" or "input_text" or "output_text" => part.RequireString("text"),
            "refusal" => part.RequireString("refusal"),
            _ => throw part.Invalid("type", $"is {JsonFields.Quote(type)}; the loaded model reads text alone: send parts of type 'text'.", "unsupported_content"),
        };
    }

    private static ToolCall ReadCall(JsonElement value, string path)
    {
        JsonFields call = new(value, path);
        call.Find("type");
        JsonFields function = call.Object("function") ?? throw call.Invalid("function", "is missing; it should be an object with name and arguments.", "missing_required_parameter");
        return new ToolCall(call.String("id") ?? "", new FunctionCall(function.RequireString("name"), function.String("arguments") ?? "{}"));
    }

    /// <summary>Templates want arguments as an object; OpenAI's clients send its text.</summary>
    private static JsonNode ToTemplate(ToolCall call)
    {
        JsonNode? arguments;
        try
        {
            arguments = JsonNode.Parse(call.Function.Arguments, documentOptions: new JsonDocumentOptions { MaxDepth = RequestBody.MaxDepth });
        }
        catch (JsonException)
        {
            arguments = call.Function.Arguments;
        }

        return new JsonObject
        {
            ["id"] = call.Id,
            ["type"] = call.Type,
            ["function"] = new JsonObject { ["name"] = call.Function.Name, ["arguments"] = arguments },
        };
    }
}
