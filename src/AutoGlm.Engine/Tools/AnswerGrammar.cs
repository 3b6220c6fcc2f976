using AutoGlm.Engine.Constraints;
using AutoGlm.Engine.Constraints.Syntax;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Engine.Tools;

/// <summary>What a whole answer may be: thoughts, then text, a given format, or tool calls.</summary>
internal sealed class AnswerGrammar(ToolFormat format, Tokenizer tokenizer, bool hasReasoning, bool startsInReasoning)
{
    private const int MostBreaks = 2;

    private static readonly TextUntil s_anyText = new([], MayEnd: true);
    private static readonly Expression s_breaks = Expression.Text("\n").Many(0, MostBreaks);

    /// <summary>Null where the answer may be anything.</summary>
    /// <param name="tools">Those that may be called; empty for none.</param>
    /// <param name="mustCall">Whether one must be.</param>
    /// <param name="isParallel">Whether several may be.</param>
    /// <param name="answer">What an answer in text may be; null for any text.</param>
    public Expression? Make(IReadOnlyList<ToolDefinition> tools, bool mustCall, bool isParallel, Expression? answer)
    {
        if (tools.Count == 0 && answer is null) return null;
        CallGrammar calls = new(tools, isParallel, tokenizer);
        if (format is HarmonyToolFormat) return HarmonyToolFormat.Answer(calls, tools.Count > 0 ? calls : null, mustCall ? null : answer ?? s_anyText);
        Rule body = new("answer");
        (string Marker, Expression Whole, Expression After)[] ways = tools.Count == 0 ? [] : [.. format.Markers.Concat(format.Beginnings).Select(marker => Way(marker, calls))];
        if (!mustCall && answer is null) body.Body = FreeText(ways, calls, body);
        else body.Body = Expression.Any([.. mustCall ? [] : (Expression[])[answer!], .. ways.Select(way => way.Whole)]);

        bool mayStayInThought = !mustCall && answer is null;
        TextUntil thoughts = new([(calls.MarkerBytes(MarkedAnswerReader.ThinkClose), Expression.Of(s_breaks, new RuleCall(body)))], mayStayInThought);
        if (startsInReasoning) return thoughts;
        if (!hasReasoning || mayStayInThought) return new RuleCall(body);
        return Expression.Any(new RuleCall(body), Expression.Of(calls.Marker(MarkedAnswerReader.ThinkOpen), thoughts));
    }

    private (string, Expression, Expression) Way(string marker, CallGrammar calls)
    {
        Expression after = format.CallsAfter(marker, calls);
        return (marker, Expression.Of(calls.Marker(marker), after), after);
    }

    /// <summary>Any text, in which a marker begins a call that is then held to its grammar.</summary>
    private Expression FreeText((string Marker, Expression Whole, Expression After)[] ways, CallGrammar calls, Rule body)
    {
        List<(byte[], Expression)> branches = [.. ways.Where(way => !format.Beginnings.Contains(way.Marker)).Select(way => (calls.MarkerBytes(way.Marker), way.After))];
        if (hasReasoning)
        {
            TextUntil thoughts = new([(calls.MarkerBytes(MarkedAnswerReader.ThinkClose), new RuleCall(body))], MayEnd: true);
            branches.Add((calls.MarkerBytes(MarkedAnswerReader.ThinkOpen), thoughts));
        }

        TextUntil text = new(branches, MayEnd: true);
        if (format.Beginnings is not [{ } beginning]) return text;
        return Expression.Any([.. ways.Select(way => way.Whole), NotBeginning(beginning, text)]);
    }

    /// <summary>Text that does not begin so, though it may begin to.</summary>
    private static Expression NotBeginning(string beginning, Expression text)
    {
        Expression rest = Expression.Empty;
        for (int i = beginning.Length - 1; i >= 0; i--)
        {
            Expression other = Expression.Of(new Character(CodePointSet.Single(beginning[i]).Negate()), text).Optional();
            rest = i == beginning.Length - 1 ? other : Expression.Any(other, Expression.Of(Expression.Text(beginning[i].ToString()), rest));
        }

        return rest;
    }
}
