using AutoGlm.Engine.Constraints.Patterns;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints;

/// <summary>What an answer may be: a set of texts. Immutable; made ready for a model by <see cref="GrammarConstraint"/>.</summary>
public sealed class Grammar
{
    internal Grammar(Expression body, string? key = null)
    {
        Root = new Rule("root") { Body = body };
        Key = key;
    }

    internal Rule Root { get; }

    /// <summary>Equal for grammars that are the same; null where that is not known.</summary>
    internal string? Key { get; }

    /// <summary>Texts that a regular expression matches as a whole. Which ones it may be is in docs/structured-output.md.</summary>
    /// <exception cref="GrammarException">The pattern is malformed or goes beyond what is supported.</exception>
    public static Grammar Regex(string pattern) => new(PatternParser.Parse(pattern, "pattern", anchored: true), $"regex {pattern}");
}
