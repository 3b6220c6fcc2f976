namespace AutoGlm.Formats.Chat;

/// <summary>An error on its way up to where the template's name and line are known.</summary>
internal sealed class TemplateError(ChatTemplateErrorKind kind, string reason) : Exception(reason)
{
    public ChatTemplateErrorKind Kind { get; } = kind;

    /// <summary>Line in the template, or 0 where the evaluator's own notion of the current line applies.</summary>
    public int Line { get; init; }

    public static TemplateError Syntax(int line, string reason) => new(ChatTemplateErrorKind.Syntax, reason) { Line = line };

    public static TemplateError Unsupported(string reason) => new(ChatTemplateErrorKind.Unsupported, reason);

    public static TemplateError Undefined(string reason) => new(ChatTemplateErrorKind.Undefined, reason);

    public static TemplateError Value(string reason) => new(ChatTemplateErrorKind.Value, reason);

    public static TemplateError Security(string reason) => new(ChatTemplateErrorKind.Security, reason);

    public static TemplateError Limit(string reason) => new(ChatTemplateErrorKind.Limit, reason);

    public static TemplateError Raised(string message) => new(ChatTemplateErrorKind.Raised, message);
}
