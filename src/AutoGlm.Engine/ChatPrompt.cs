using System.Text.Json.Nodes;
using AutoGlm.Formats.Chat;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Models;

namespace AutoGlm.Engine;

/// <summary>Conversations as a model's prompt.</summary>
internal sealed class ChatPrompt(ChatTemplate template, Tokenizer tokenizer)
{
    private readonly string _bos = tokenizer.BosId is { } id ? tokenizer.TokenText(id) : "";
    private readonly string _eos = tokenizer.EosId is { } id ? tokenizer.TokenText(id) : "";

    /// <summary>The model's; null where it has no chat template.</summary>
    public static ChatPrompt? Of(ModelPackage package) =>
        package.ChatTemplate is { } source ? new ChatPrompt(ChatTemplate.Parse(source, package.Path), package.Tokenizer) : null;

    public IReadOnlyList<int> Encode(IReadOnlyList<ChatTurn> turns) => Encode((object)turns, null, null);

    public IReadOnlyList<int> Encode(JsonArray messages, JsonArray? tools, IReadOnlyDictionary<string, object?>? variables) => Encode((object)messages, tools, variables);

    private int[] Encode(object messages, JsonArray? tools, IReadOnlyDictionary<string, object?>? variables)
    {
        Dictionary<string, object?> input = new(variables ?? new Dictionary<string, object?>())
        {
            ["messages"] = messages,
            ["add_generation_prompt"] = true,
            ["bos_token"] = _bos,
            ["eos_token"] = _eos,
        };
        if (tools is not null) input["tools"] = tools;
        string text = template.Render(input);
        // Most templates write the beginning-of-sequence token themselves; it must not come twice.
        bool addSpecial = tokenizer.AddBos && !(_bos.Length > 0 && text.StartsWith(_bos, StringComparison.Ordinal));
        return tokenizer.Encode(text, addSpecial, parseSpecial: true);
    }
}
