namespace AutoGlm.Formats.Chat;

/// <summary>Bounds on one rendering, so that a hostile template can neither hang nor fill memory.</summary>
public sealed record ChatTemplateLimits
{
    public static ChatTemplateLimits Default { get; } = new();

    /// <summary>
    /// Units of work: one for each node evaluated, two for each list item made, and one for every eight characters made or scanned.
    /// </summary>
    public long MaxSteps { get; init; } = 10_000_000;

    /// <summary>UTF-16 units in the output, and in any one string on the way.</summary>
    public int MaxTextLength { get; init; } = 16 << 20;

    /// <summary>Items in any one list, tuple or dictionary that the template makes.</summary>
    public int MaxItems { get; init; } = 1_000_000;

    /// <summary>Macros, callers and recursive loops that may be active at once.</summary>
    public int MaxCallDepth { get; init; } = 200;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxSteps);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTextLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxItems);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxCallDepth);
    }
}
