using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Formats.Chat;

namespace AutoGlm.Engine.Tools;

/// <summary>Makes messages of what a template can write: tools, calls and their results as text where it knows of none.</summary>
/// <param name="template">The template's source.</param>
/// <param name="format">How its model writes calls.</param>
/// <param name="hasSystemRole">Whether it takes messages of the system.</param>
internal sealed class ToolMessages(string template, ToolFormat format, bool hasSystemRole)
{
    /// <summary>Tries whether a template takes messages of the system.</summary>
    public static bool TakesSystemRole(ChatTemplate template)
    {
        try
        {
            template.Render([new ChatTurn("system", "x"), new ChatTurn("user", "x")]);
            return true;
        }
        catch (ChatTemplateException error) when (error.Kind == ChatTemplateErrorKind.Raised)
        {
            return false;
        }
        catch (ChatTemplateException)
        {
            return true;
        }
    }

    public JsonArray Rewrite(JsonArray messages, JsonArray tools)
    {
        JsonArray result = [.. messages.Select(message => Rewrite(message as JsonObject ?? throw new ArgumentException("A message is no JSON object.", nameof(messages))))];
        if (tools.Count > 0 && !ToolFormats.WritesTools(template)) AddInstructions(result, tools);
        return result;
    }

    private JsonObject Rewrite(JsonObject message)
    {
        JsonObject copy = (JsonObject)message.DeepClone();
        copy["content"] = Content(copy["content"]);
        if (copy["tool_calls"] is JsonArray calls)
        {
            if (calls.Count == 0) copy.Remove("tool_calls");
            foreach (JsonNode? call in calls) ParseArguments(call);
            if (calls.Count > 0 && !ToolFormats.WritesCalls(template)) WriteCalls(copy, calls);
        }

        bool isResult = copy["role"]?.ToString() == "tool";
        if (isResult && !ToolFormats.WritesTools(template))
        {
            copy["role"] = "user";
            copy["content"] = $"<tool_response>\n{copy["content"]}\n</tool_response>";
        }

        return copy;
    }

    /// <summary>Parts of plain text as one text, so that no control token can be put together from several.</summary>
    private static JsonNode Content(JsonNode? content) => content switch
    {
        null => "",
        JsonArray parts when parts.All(part => part is JsonObject { } fields && fields["type"]?.ToString() == "text") => string.Concat(parts.Select(part => part!["text"]?.ToString())),
        _ => content.DeepClone(),
    };

    /// <summary>Clients send arguments as a string of JSON; templates want them as an object.</summary>
    private static void ParseArguments(JsonNode? call)
    {
        if (call?["function"] is not JsonObject function || function["arguments"] is not JsonValue text || text.GetValueKind() != JsonValueKind.String) return;
        if (JsonTexts.TryParse(text.GetValue<string>(), out JsonElement value) && value.ValueKind == JsonValueKind.Object) function["arguments"] = JsonNode.Parse(value.GetRawText());
    }

    private void WriteCalls(JsonObject message, JsonArray calls)
    {
        (string, JsonElement)[] written = [.. calls.Select(call => (call?["function"]?["name"]?.ToString() ?? "", JsonSerializer.SerializeToElement(call?["function"]?["arguments"])))];
        if (format.Write(written) is not { } text) return;
        string content = message["content"]?.ToString() ?? "";
        message["content"] = content.Length == 0 ? text : content + "\n" + text;
        message.Remove("tool_calls");
    }

    private void AddInstructions(JsonArray messages, JsonArray tools)
    {
        StringBuilder text = new("You may call functions to help with the user's request. They are, one in a line:\n");
        foreach (JsonNode? tool in tools) text.Append(tool!["function"]!.ToJsonString(JsonTexts.Options)).Append('\n');
        text.Append("To call one, write an object with its name and arguments between tags:\n<tool_call>\n{\"name\": \"…\", \"arguments\": {…}}\n</tool_call>\nIts result comes between <tool_response> tags.");
        JsonObject? first = messages.Count > 0 ? messages[0] as JsonObject : null;
        if (hasSystemRole && first?["role"]?.ToString() == "system") first["content"] = $"{first["content"]}\n\n{text}";
        else if (!hasSystemRole && first is not null) first["content"] = $"{text}\n\n{first["content"]}";
        else messages.Insert(0, new JsonObject { ["role"] = "system", ["content"] = text.ToString() });
    }
}
