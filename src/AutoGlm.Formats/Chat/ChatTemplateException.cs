namespace AutoGlm.Formats.Chat;

/// <summary>A chat template that does not parse, or that cannot render the given input.</summary>
/// <remarks>
/// The message reads <c>NAME: line N: REASON</c>; where the template raised the error itself
/// (<see cref="ChatTemplateErrorKind.Raised"/>) it is exactly the template's message.
/// </remarks>
public sealed class ChatTemplateException : Exception
{
    public ChatTemplateException(ChatTemplateErrorKind kind, string template, int line, string reason, Exception? inner = null)
        : base(kind == ChatTemplateErrorKind.Raised ? reason : $"{template}: line {line}: {reason}", inner)
    {
        Kind = kind;
        Template = template;
        Line = line;
        Reason = reason;
    }

    public ChatTemplateErrorKind Kind { get; }

    /// <summary>The template's name, as given to <see cref="ChatTemplate.Parse"/>.</summary>
    public string Template { get; }

    /// <summary>The line in the template, from 1.</summary>
    public int Line { get; }

    /// <summary>What is wrong, without name and line.</summary>
    public string Reason { get; }
}
