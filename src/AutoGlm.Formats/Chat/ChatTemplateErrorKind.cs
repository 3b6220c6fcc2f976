namespace AutoGlm.Formats.Chat;

/// <summary>What went wrong in a chat template.</summary>
public enum ChatTemplateErrorKind
{
    /// <summary>The source does not parse.</summary>
    Syntax,

    /// <summary>The template uses a tag, filter or test that this renderer does not have.</summary>
    Unsupported,

    /// <summary>A missing variable, attribute or item was used as if it were there.</summary>
    Undefined,

    /// <summary>An operation got a value of the wrong type or range.</summary>
    Value,

    /// <summary>The template tried to change its input or to reach outside the sandbox.</summary>
    Security,

    /// <summary>The template went over a bound of <see cref="ChatTemplateLimits"/>.</summary>
    Limit,

    /// <summary>The template itself called <c>raise_exception</c>: the message is its own.</summary>
    Raised,
}
