namespace AutoGlm.Engine.Constraints;

/// <summary>A grammar, regular expression or schema that cannot be used; the message says where it is wrong, and what is supported.</summary>
/// <param name="where">A schema path (<c>#/properties/age</c>), a line of a grammar, or a position in a pattern.</param>
/// <param name="reason">What is wrong there.</param>
public sealed class GrammarException(string where, string reason) : Exception($"{where}: {reason}")
{
    public string Where { get; } = where;

    public string Reason { get; } = reason;
}
