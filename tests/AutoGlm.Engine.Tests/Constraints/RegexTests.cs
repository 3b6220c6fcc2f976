using System.Text.RegularExpressions;
using AutoGlm.Engine.Constraints;
using CsCheck;

namespace AutoGlm.Engine.Tests.Constraints;

public class RegexTests
{
    private static readonly Gen<string> s_atom = OneOf("a", "b", "c", "é", "😀", ".", "[ab]", "[^a]", "[b-é]", "\\d", "\\w", "\\x61", "\\u0062");

    private static readonly Gen<string> s_pattern = Gen.Recursive<string>((depth, inner) => depth > 3
        ? s_atom
        : Gen.OneOf(
            s_atom,
            Gen.Select(inner, inner, (a, b) => a + b),
            Gen.Select(inner, inner, (a, b) => $"(?:{a}|{b})"),
            Gen.Select(inner, OneOf("*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?"), (a, q) => $"({a}){q}")));

    private static readonly Gen<string> s_text = OneOf("a", "b", "c", "é", "😀", "1").Array[0, 9].Select(string.Concat);

    [Fact]
    public void Accepts_what_the_platforms_expressions_match()
    {
        Gen.Select(s_pattern, s_text.Array[12]).Sample((pattern, texts) =>
        {
            GrammarConstraint constraint = Walks.Small(Grammar.Regex(pattern));
            // The platform's linear expressions refuse what would be large.
            if (pattern.Length > 80) return;
            // The platform counts in UTF-16 units; the emoji stands in as one.
            Regex expected = new($"^(?:{pattern.Replace("😀", "\uE000").Replace("\\d", "[0-9]").Replace("\\w", "[0-9A-Za-z_]")})\\z", RegexOptions.NonBacktracking);
            foreach (string text in texts.Append("")) Assert.Equal(expected.IsMatch(text.Replace("😀", "\uE000")), Walks.Accepts(constraint, text));
        }, iter: 200, threads: 1);
    }

    [Fact]
    public void A_mask_has_exactly_the_tokens_whose_bytes_may_follow()
    {
        Gen.Select(s_pattern, s_text).Sample((pattern, text) =>
        {
            GrammarConstraint constraint = Walks.Small(Grammar.Regex(pattern));
            ConstraintState state = constraint.Start();
            foreach (byte value in System.Text.Encoding.UTF8.GetBytes(text))
            {
                bool[] allowed = Walks.Allowed(state, TestVocabulary.Small.Size);
                Assert.Equal(Expected(constraint, state), allowed);
                if (!allowed[value]) break;
                state.Advance(value);
            }
        }, iter: 100, threads: 1);
    }

    [Theory]
    [InlineData("(a", "')' expected")]
    [InlineData("a)", "unmatched ')'")]
    [InlineData("[a", "too early")]
    [InlineData("a{3,1}", "out of order")]
    [InlineData("a{2000000}", "counts go to")]
    [InlineData("(?=a)", "look-around")]
    [InlineData("\\1", "not supported")]
    [InlineData("a^b", "ends only")]
    [InlineData("*", "nothing to repeat")]
    [InlineData("\\p{Klingon}", "Klingon")]
    [InlineData("[^\\s\\S]", "no text can satisfy")]
    public void What_is_wrong_is_said(string pattern, string reason) =>
        Assert.Contains(reason, Assert.Throws<GrammarException>(() => Walks.Small(Grammar.Regex(pattern))).Message);

    [Fact]
    public void Counted_repetitions_match_as_those_written_out()
    {
        Gen<string> body = OneOf("a", "(?:ab?)", "(?:a|bb)", "(?:a|aa)", "(?:b?a?)", "(?:(?:a{1,2}b?){1,2})");
        Gen<string> text = OneOf("a", "b", "ab", "aab", "bb").Array[20, 90].Select(string.Concat);
        Gen.Select(body, Gen.Int[0, 90], Gen.Int[30, 65], OneOf("", "b", "a+"), text.Array[4]).Sample((item, least, more, after, texts) =>
        {
            string pattern = $"{item}{{{least},{least + more}}}{after}";
            GrammarConstraint constraint = Walks.Small(Grammar.Regex(pattern));
            Regex expected = new($"^(?:{pattern})\\z", RegexOptions.NonBacktracking);
            foreach (string one in texts) Assert.Equal(expected.IsMatch(one), Walks.Accepts(constraint, one));
        }, iter: 40, threads: 1);
    }

    [Fact]
    public void Counts_are_counted_and_not_written_out()
    {
        GrammarConstraint constraint = Walks.Small(Grammar.Regex("(a|bc){3,1000000}d"));
        Assert.False(Walks.Accepts(constraint, "abcd"));
        Assert.True(Walks.Accepts(constraint, "abcad"));
        Assert.True(Walks.Accepts(constraint, string.Concat(Enumerable.Repeat("bca", 3000)) + "d"));
        Assert.True(Walks.Accepts(Walks.Small(Grammar.Regex("(a{0,90}){1,90}")), new string('a', 300)));
        GrammarConstraint exact = Walks.Small(Grammar.Regex("a{500}"));
        Assert.True(Walks.Accepts(exact, new string('a', 500)));
        Assert.False(Walks.AcceptsPrefix(exact, new string('a', 501)));
        Assert.False(Walks.Accepts(exact, new string('a', 499)));
    }

    [Fact]
    public void A_text_outlives_what_is_kept_of_its_grammar()
    {
        GrammarConstraint constraint = Walks.Small(Grammar.Regex("(ab|ba|a){3,1000000}c"));
        Assert.True(Walks.Accepts(constraint, string.Concat(Enumerable.Repeat("ab", 20_000)) + "c"));
        Assert.False(Walks.Accepts(constraint, "abac" + "c"));
    }

    [Fact]
    public void Expressions_that_blow_up_elsewhere_are_followed_or_refused_in_bounded_work()
    {
        Assert.True(Walks.Accepts(Walks.Small(Grammar.Regex("(a*)*b")), new string('a', 5000) + "b"));
        Assert.True(Walks.Accepts(Walks.Small(Grammar.Regex("(a|a)*b")), new string('a', 5000) + "b"));
        GrammarConstraint subsets = Walks.Small(Grammar.Regex("(a|b)*a(a|b){20}"));
        Assert.True(Walks.Accepts(subsets, string.Concat(Enumerable.Repeat("ab", 500)) + new string('a', 21)));
        Assert.Throws<GrammarException>(() => Walks.Small(Grammar.Regex(new string('(', 5000) + new string(')', 5000))));
        Assert.Throws<GrammarException>(() => Walks.Small(Grammar.Regex(string.Concat(Enumerable.Repeat("\\p{L}", 2000)))));
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>By definition: each token's bytes, one by one.</summary>
    private static bool[] Expected(GrammarConstraint constraint, ConstraintState state)
    {
        bool[] expected = new bool[constraint.Vocabulary.Size];
        for (int token = 0; token < expected.Length; token++) expected[token] = state.Permits(token);
        return expected;
    }
}
