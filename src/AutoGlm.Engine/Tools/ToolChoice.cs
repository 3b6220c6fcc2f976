namespace AutoGlm.Engine.Tools;

/// <summary>Whether the model calls tools.</summary>
public sealed record ToolChoice
{
    private ToolChoice(bool mayCall, bool mustCall, string? name) => (MayCall, MustCall, Name) = (mayCall, mustCall, name);

    /// <summary>As it sees fit.</summary>
    public static ToolChoice Auto { get; } = new(true, false, null);

    /// <summary>It does not.</summary>
    public static ToolChoice None { get; } = new(false, false, null);

    /// <summary>At least one.</summary>
    public static ToolChoice Required { get; } = new(true, true, null);

    public bool MayCall { get; }

    public bool MustCall { get; }

    /// <summary>The only one that may be called; null for any.</summary>
    public string? Name { get; }

    /// <summary>This one.</summary>
    public static ToolChoice Named(string name) => new(true, true, name);
}
