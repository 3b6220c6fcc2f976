using System.Text.Json.Nodes;
using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Constraints.Syntax;
using AutoGlm.Engine.Tools;
using AutoGlm.Formats.Chat;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Models;

namespace AutoGlm.Engine;

/// <summary>Conversations as a model's prompt, and what its answers are made of.</summary>
internal sealed class ChatPrompt
{
    private static readonly string[] s_thoughts = [MarkedAnswerReader.ThinkOpen, MarkedAnswerReader.ThinkClose];

    private readonly ChatTemplate _template;
    private readonly Tokenizer _tokenizer;
    private readonly string[] _controls;
    private readonly string _source;
    private readonly bool _hasReasoning;
    private readonly ToolMessages _messages;

    public ChatPrompt(string source, string name, Tokenizer tokenizer)
    {
        (_source, _tokenizer) = (source, tokenizer);
        _template = ChatTemplate.Parse(source, name);
        _controls = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial).Select(tokenizer.TokenText)];
        _hasReasoning = source.Contains(MarkedAnswerReader.ThinkOpen, StringComparison.Ordinal) || source.Contains(MarkedAnswerReader.ThinkClose, StringComparison.Ordinal);
        Format = ToolFormats.Detect(source);
        _messages = new ToolMessages(source, Format, ToolMessages.TakesSystemRole(_template));
    }

    /// <summary>How the model writes tool calls.</summary>
    public ToolFormat Format { get; }

    /// <summary>The model's; null where it has no chat template.</summary>
    public static ChatPrompt? Of(ModelPackage package) =>
        package.ChatTemplate is { } source ? new ChatPrompt(source, package.Path, package.Tokenizer) : null;

    public IReadOnlyList<int> Encode(IReadOnlyList<ChatTurn> turns) =>
        Encode([.. turns.Select(turn => new JsonObject { ["role"] = turn.Role, ["content"] = turn.Content })], [], null, out _);

    /// <summary>Everything for an answer.</summary>
    /// <param name="input">The conversation.</param>
    /// <param name="constrain">Makes a grammar ready.</param>
    /// <exception cref="ArgumentException">A tool's name is not one, or the choice names none of the tools.</exception>
    public PreparedChat Prepare(ChatInput input, Func<Grammar, GrammarConstraint> constrain)
    {
        foreach (ToolDefinition tool in input.Tools) tool.Validate();
        bool mayCall = input.ToolChoice.MayCall && input.Tools.Count > 0;
        if (input.ToolChoice.MustCall && input.Tools.Count == 0) throw new ArgumentException("The tool choice wants a call, and there are no tools.", nameof(input));
        ToolDefinition[] callable = !mayCall ? [] : [.. input.Tools.Where(tool => input.ToolChoice.Name is null || tool.Name == input.ToolChoice.Name)];
        if (mayCall && callable.Length == 0) throw new ArgumentException($"The tool choice names '{input.ToolChoice.Name}', which is none of the tools.", nameof(input));

        JsonArray tools = [.. input.Tools.Select(tool => tool.ToJson())];
        JsonArray messages = _messages.Rewrite(input.Messages, tools);
        IReadOnlyList<int> prompt = Encode(messages, ToolFormats.WritesTools(_source) ? tools : [], input.TemplateVariables, out string text);
        bool startsInReasoning = _hasReasoning && Format is not HarmonyToolFormat && text.AsSpan().TrimEnd().EndsWith(MarkedAnswerReader.ThinkOpen);

        GrammarConstraint? constraint = Constraint(input, callable, startsInReasoning, constrain);
        ToolDefinition[]? read = mayCall ? [.. input.Tools] : null;
        return new PreparedChat(prompt, constraint, keepControlTokens: mayCall || _hasReasoning || Format is HarmonyToolFormat, Reader, Format.NewId);

        IAnswerReader Reader() => Format is HarmonyToolFormat ? new HarmonyReader(mayCall) : new MarkedAnswerReader(Format, read, _hasReasoning, startsInReasoning);
    }

    private GrammarConstraint? Constraint(ChatInput input, ToolDefinition[] callable, bool startsInReasoning, Func<Grammar, GrammarConstraint> constrain)
    {
        Expression? answer = input.Format is { } format ? new RuleCall(format.Root) : null;
        bool mustCall = input.ToolChoice.MustCall;
        Expression? whole = new AnswerGrammar(Format, _tokenizer, _hasReasoning, startsInReasoning).Make(callable, mustCall, input.ParallelToolCalls, answer);
        if (whole is null) return null;
        bool isKnown = input.Format is null || input.Format.Key is not null;
        string tools = string.Concat(callable.Select(tool => $"{tool.ToJson().ToJsonString()} {tool.IsStrict}\n"));
        return constrain(new Grammar(whole, isKnown ? $"answer {Format.Name} {startsInReasoning} {mustCall} {input.ParallelToolCalls}\n{tools}{input.Format?.Key}" : null));
    }

    private IReadOnlyList<int> Encode(JsonArray messages, JsonArray tools, IReadOnlyDictionary<string, object?>? variables, out string text)
    {
        string bos = _tokenizer.BosId is { } id ? _tokenizer.TokenText(id) : "";
        string eos = _tokenizer.EosId is { } end ? _tokenizer.TokenText(end) : "";
        PlainText plain = new(_controls, messages, tools);
        Dictionary<string, object?> input = new(variables ?? new Dictionary<string, object?>())
        {
            ["messages"] = new JsonArray([.. messages.Select(message => plain.Mark(message, IsAssistant(message) ? s_thoughts : []))]),
            ["add_generation_prompt"] = true,
            ["bos_token"] = bos,
            ["eos_token"] = eos,
        };
        if (tools.Count > 0) input["tools"] = plain.Mark(tools, []);
        List<int> places = [];
        text = plain.Unmark(_template.Render(input), places);
        // Most templates write the beginning-of-sequence token themselves; it must not come twice.
        bool addSpecial = _tokenizer.AddBos && !(bos.Length > 0 && text.StartsWith(bos, StringComparison.Ordinal));
        return _tokenizer.Encode(text, addSpecial, places);
    }

    /// <summary>What a model said before may hold its thoughts, which templates look for.</summary>
    private static bool IsAssistant(JsonNode? message) => message is JsonObject fields && fields["role"] is JsonValue role && role.ToString() == "assistant";
}
