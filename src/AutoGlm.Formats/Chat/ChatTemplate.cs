using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Formats.Chat.Builtins;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Syntax;

namespace AutoGlm.Formats.Chat;

/// <summary>
/// A model's chat template: Jinja2 as Hugging Face transformers runs it (immutable sandbox, trim_blocks, lstrip_blocks, loop
/// controls, <c>raise_exception</c>, <c>strftime_now</c>, <c>{% generation %}</c>, tojson without ASCII or HTML escapes).
/// </summary>
/// <remarks>
/// Templates come with models and are not trusted: rendering is bounded by <see cref="ChatTemplateLimits"/>, sees nothing but
/// its input, and fails with <see cref="ChatTemplateException"/> only. Not there: template inheritance and imports.
/// Instances may be used by many threads at once.
/// </remarks>
public sealed class ChatTemplate
{
    /// <summary>The longest source that <see cref="Parse"/> takes, in UTF-16 units.</summary>
    public const int MaxSourceLength = 1 << 20;

    private readonly IReadOnlyList<Statement> _statements;
    private readonly TimeProvider _clock;

    private ChatTemplate(string name, IReadOnlyList<Statement> statements, TimeProvider clock)
    {
        Name = name;
        _statements = statements;
        _clock = clock;
    }

    /// <summary>The name that error messages give.</summary>
    public string Name { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The Jinja source.</param>
    /// <param name="name">What error messages call it: a file or model name.</param>
    /// <param name="clock">What <c>strftime_now</c> reads, in its local time zone; the system's clock by default.</param>
    /// <exception cref="ChatTemplateException">The source does not parse, nests too deeply, or is too long.</exception>
    public static ChatTemplate Parse(string source, string name, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            if (source.Length > MaxSourceLength) throw TemplateError.Limit($"the source is longer than {MaxSourceLength} characters");
            return new ChatTemplate(name, TemplateParser.Parse(source), clock ?? TimeProvider.System);
        }
        catch (TemplateError error)
        {
            throw new ChatTemplateException(error.Kind, name, Math.Max(1, error.Line), error.Message);
        }
    }

    /// <summary>Renders plain messages.</summary>
    /// <param name="messages">The conversation, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether the text ends with the start of the assistant's answer.</param>
    /// <param name="variables">More variables, such as <c>bos_token</c>, <c>eos_token</c>, <c>tools</c> or <c>enable_thinking</c>.</param>
    /// <param name="limits">Bounds on the work; <see cref="ChatTemplateLimits.Default"/> where null.</param>
    /// <exception cref="ChatTemplateException">The template fails on this input.</exception>
    public string Render(
        IReadOnlyList<ChatTurn> messages,
        bool addGenerationPrompt = true,
        IReadOnlyDictionary<string, object?>? variables = null,
        ChatTemplateLimits? limits = null)
    {
        var input = new Dictionary<string, object?>(variables ?? new Dictionary<string, object?>())
        {
            ["messages"] = messages,
            ["add_generation_prompt"] = addGenerationPrompt,
        };
        return Render(input, limits);
    }

    /// <summary>Renders an input object: <c>messages</c>, <c>tools</c>, <c>add_generation_prompt</c>, <c>bos_token</c> and so on.</summary>
    /// <exception cref="ChatTemplateException">The template fails on this input.</exception>
    public string Render(JsonObject input, ChatTemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Render(() => [.. input.Select(entry => new KeyValuePair<string, object?>(entry.Key, InputValues.Convert(entry.Value)))], limits);
    }

    /// <summary>
    /// Renders variables by name. Values are null, truth values, numbers, strings, JSON nodes or elements, <see cref="ChatTurn"/>,
    /// dictionaries from string to object, or sequences of these.
    /// </summary>
    /// <exception cref="ChatTemplateException">The template fails on this input.</exception>
    public string Render(IReadOnlyDictionary<string, object?> input, ChatTemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Render(() => [.. input.Select(entry => new KeyValuePair<string, object?>(entry.Key, InputValues.Convert(entry.Value)))], limits);
    }

    private string Render(Func<KeyValuePair<string, object?>[]> readInput, ChatTemplateLimits? limits)
    {
        limits ??= ChatTemplateLimits.Default;
        limits.Validate();
        var context = new RenderContext(limits, _clock) { Caller = Interpreter.Call };
        try
        {
            var globals = new Scope(null);
            Globals.Define(globals);
            var scope = new Scope(globals);
            foreach ((string name, object? value) in ReadInput(readInput)) scope.Set(name, value);
            Interpreter.Run(context, scope, _statements);
            return context.Output();
        }
        catch (TemplateError error)
        {
            throw new ChatTemplateException(error.Kind, Name, error.Line > 0 ? error.Line : context.Line, error.Message);
        }
        catch (InsufficientExecutionStackException error)
        {
            throw new ChatTemplateException(ChatTemplateErrorKind.Limit, Name, context.Line, "expressions or calls nest too deeply", error);
        }
    }

    private static KeyValuePair<string, object?>[] ReadInput(Func<KeyValuePair<string, object?>[]> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException or NotSupportedException)
        {
            throw TemplateError.Value($"the input cannot be read: {error.Message}");
        }
    }
}
