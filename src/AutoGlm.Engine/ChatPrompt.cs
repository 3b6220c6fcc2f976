using AutoGlm.Formats.Chat;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Models;

namespace AutoGlm.Engine;

/// <summary>Conversations as a model's prompt.</summary>
internal sealed class ChatPrompt(ChatTemplate template, Tokenizer tokenizer)
{
    /// <summary>The model's; null where it has no chat template.</summary>
    public static ChatPrompt? Of(ModelPackage package) =>
        package.ChatTemplate is { } source ? new ChatPrompt(ChatTemplate.Parse(source, package.Path), package.Tokenizer) : null;

    public IReadOnlyList<int> Encode(IReadOnlyList<ChatTurn> turns)
    {
        string bos = tokenizer.BosId is { } id ? tokenizer.TokenText(id) : "";
        string eos = tokenizer.EosId is { } end ? tokenizer.TokenText(end) : "";
        string text = template.Render(turns, variables: new Dictionary<string, object?> { ["bos_token"] = bos, ["eos_token"] = eos });
        // Most templates write the beginning-of-sequence token themselves; it must not come twice.
        bool addSpecial = tokenizer.AddBos && !(bos.Length > 0 && text.StartsWith(bos, StringComparison.Ordinal));
        return tokenizer.Encode(text, addSpecial, parseSpecial: true);
    }
}
