namespace AutoGlm.Formats.Chat.Values;

/// <summary>
/// A value that is not plain. Plain ones are null (None), <see cref="bool"/>, <see cref="System.Numerics.BigInteger"/>,
/// <see cref="double"/> and <see cref="string"/>. All but a namespace are immutable, as the sandbox wants it.
/// </summary>
internal abstract class TemplateValue
{
    /// <summary>Python's name of the type, for messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>
    /// The cost of walking through the value, all it holds counted as often as it is held: a list that holds a list twice
    /// costs twice as much. What compares or prints a value charges this first.
    /// </summary>
    public virtual long Weight => 1;

    /// <summary>How deep values nest in this one.</summary>
    public virtual int Depth => 0;

    public static long WeightOf(object? value) => value switch
    {
        string text => 1 + text.Length / 8,
        TemplateValue other => other.Weight,
        _ => 1,
    };
}
