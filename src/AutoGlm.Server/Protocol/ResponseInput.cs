using System.Text.Json;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>
/// The items of a response's input as messages of a conversation: what the model thought, said and called in one turn is one message.
/// </summary>
internal static class ResponseInput
{
    private const int MaxItems = 65_536;

    /// <summary>The field <c>input</c>: a text of the user, or a list of items.</summary>
    /// <exception cref="ApiException">An item is malformed, or of a kind that no model here reads.</exception>
    public static List<ChatMessage> Read(JsonFields fields)
    {
        if (fields.Find("input") is { ValueKind: JsonValueKind.String }) return [new ChatMessage("user", fields.String("input")!)];
        List<ChatMessage> messages = [];
        foreach ((JsonElement value, string path) in fields.Items("input", MaxItems)) Add(messages, value, path);
        return messages.Count > 0 ? messages : throw fields.Invalid("input", "is empty; it should be a string or a list of at least one item.");
    }

    /// <summary>What is told before all else goes first, in one message with what the conversation itself begins with of the kind.</summary>
    public static IReadOnlyList<ChatMessage> Instruct(string? instructions, IReadOnlyList<ChatMessage> messages)
    {
        if (string.IsNullOrEmpty(instructions)) return messages;
        return messages is [{ Role: "system" } first, ..]
            ? [new ChatMessage("system", $"{instructions}\n\n{first.Content}"), .. messages.Skip(1)]
            : [new ChatMessage("system", instructions), .. messages];
    }

    private static void Add(List<ChatMessage> messages, JsonElement value, string path)
    {
        JsonFields item = new(value, path);
        switch (item.String("type") ?? "message")
        {
            case "message":
                AddMessage(messages, new ChatMessage(value, path));
                break;
            case "reasoning":
                AddTurn(messages, new ChatMessage("assistant", "") { ReasoningContent = ReadThought(item) });
                break;
            case "function_call":
                ToolCall call = new(item.RequireString("call_id"), new FunctionCall(item.RequireString("name"), item.String("arguments") ?? "{}"));
                AddTurn(messages, new ChatMessage("assistant", "") { ToolCalls = [call] });
                break;
            case "function_call_output":
                string id = item.RequireString("call_id");
                item.Require("output", "a string or a list of text parts");
                messages.Add(new ChatMessage("tool", ChatMessage.ReadContent(item, "output")) { ToolCallId = id });
                break;
            case var other:
                throw item.Invalid("type", $"is {JsonFields.Quote(other)}; this server reads items of type 'message', 'function_call', 'function_call_output' and 'reasoning'.", "unsupported_item");
        }
    }

    private static void AddMessage(List<ChatMessage> messages, ChatMessage message)
    {
        if (message.Role == "assistant") AddTurn(messages, message);
        else messages.Add(message);
    }

    /// <summary>Joins the model's last turn, unless that has said something already and this says more.</summary>
    private static void AddTurn(List<ChatMessage> messages, ChatMessage more)
    {
        bool saysMore = more.Content.Length > 0 || more.ReasoningContent is not null;
        if (messages is not [.., { Role: "assistant" } last] || (saysMore && (last.Content.Length > 0 || last.ToolCalls.Count > 0)))
        {
            messages.Add(more);
            return;
        }

        messages[^1] = new ChatMessage("assistant", last.Content + more.Content)
        {
            ReasoningContent = last.ReasoningContent is null ? more.ReasoningContent : last.ReasoningContent + more.ReasoningContent,
            ToolCalls = [.. last.ToolCalls, .. more.ToolCalls],
        };
    }

    /// <summary>The thought itself where it is there, else its summary.</summary>
    private static string? ReadThought(JsonFields item)
    {
        string thought = Join(item, "content");
        if (thought.Length == 0) thought = Join(item, "summary");
        return thought.Length > 0 ? thought : null;
    }

    private static string Join(JsonFields item, string name) =>
        string.Concat(item.Items(name, MaxItems).Select(part => new JsonFields(part.Value, part.Path).RequireString("text")));
}
