using System.Text;
using AutoGlm.Engine.Constraints.Automata;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>
/// Property names that differ from given ones. They are written by their shortest escapes alone, so that a name that is taken
/// cannot come back in disguise.
/// </summary>
internal static class OtherNames
{
    private static readonly CodePointSet s_allowed = CodePointSet.Of((' ', 0x10FFFF)).Union(CodePointSet.AnyOf("\b\f\n\r\t"));
    private static readonly Rule s_rest = new("other name") { Body = Expression.Of(JsonSyntax.Escaped(s_allowed).Many(), Expression.Text("\"")), IsShared = true };

    public static Expression Of(IReadOnlyList<string> taken)
    {
        List<int[]> names = [.. taken.Distinct().Select(name => name.EnumerateRunes().Select(rune => rune.Value).ToArray())];
        if (names.Any(name => name.Length > GrammarLimits.Depth)) throw new GrammarException("properties", $"names of over {GrammarLimits.Depth} characters are not supported beside additionalProperties");
        return Expression.Of(Expression.Text("\""), After(names, 0));
    }

    /// <summary>What may follow a beginning that these names share.</summary>
    private static Expression After(List<int[]> names, int length)
    {
        List<Expression> ways = [];
        if (names.All(name => name.Length > length)) ways.Add(Expression.Text("\""));
        CodePointSet taken = CodePointSet.Empty;
        foreach (IGrouping<int, int[]> group in names.Where(name => name.Length > length).GroupBy(name => name[length]))
        {
            CodePointSet character = CodePointSet.Single(group.Key);
            taken = taken.Union(character);
            ways.Add(Expression.Of(JsonSyntax.Escaped(character), After([.. group], length + 1)));
        }

        ways.Add(Expression.Of(JsonSyntax.Escaped(s_allowed.Except(taken)), new RuleCall(s_rest)));
        return Expression.Any(ways);
    }
}
