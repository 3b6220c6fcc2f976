using System.Text;
using System.Text.RegularExpressions;
using AutoGlm.Formats.Tokenizers;
using CsCheck;

namespace AutoGlm.Formats.Tests.Tokenizers;

/// <summary>The automaton beside the platform's backtracking engine, and where that one cannot follow.</summary>
public class CodePointRegexTests
{
    // Of the basic plane only: beyond it the platform's engine sees half characters.
    private static readonly string[] _fragments =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u2028", "a", "Z", "bC", "é", "e\u0301", "ǅ", "ʰ", "中", "の", "カ", "ก", "한", "0", "12",
        "½", "٣", "'", "'s", "'RE", "'ll",
        "!", "…", "-", "/", "_", "$", "+", "^", "`", "|", "~", "<", ",", "。", "\u200B", "\u0000", "ſ", "\u08FF",
    ];

    private static readonly Gen<string> _texts = Gen.Int[0, _fragments.Length - 1].Array[0, 30].Select(chosen => string.Concat(chosen.Select(i => _fragments[i])));

    public static TheoryData<string> Patterns =>
    [
        SplitPatterns.Gpt2, SplitPatterns.Llama3, SplitPatterns.Qwen2, SplitPatterns.Qwen35, SplitPatterns.Gpt4o, SplitPatterns.Tekken,
        SplitPatterns.DeepSeek3, SplitPatterns.HanKana, SplitPatterns.DeepSeekPunctuation, SplitPatterns.DeepSeekEastAsian, SplitPatterns.Spark,
        SplitPatterns.Jais2, SplitPatterns.BailingMoe, SplitPatterns.SeedCoder, SplitPatterns.MiniCpm5, SplitPatterns.ExaoneMoe, SplitPatterns.FalconPunctuation,
        SplitPatterns.Bloom, SplitPatterns.YoutuRuns, SplitPatterns.Lines, @"\p{N}{1,3}", "a*?b|a|[^a]{2,4}?", "(?:a|ab)(?:c|bcd)?|x(?=[0-9])|.", @"\s+(?=\S)|[^\s]+",
    ];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Finds_what_a_backtracking_engine_finds(string pattern)
    {
        var slow = new Regex(pattern, RegexOptions.CultureInvariant);
        var fast = new CodePointRegex(pattern);
        _texts.Sample(text =>
        {
            string expected = string.Join('|', slow.Matches(text).Where(match => match.Length > 0).Select(match => match.Value));
            Assert.Equal(expected, string.Join('|', Matches(fast, text)));
        }, iter: 500, threads: 1);
    }

    [Theory]
    [InlineData(@"\p{L}+", "x𐐀𐐨y😀z", "x𐐀𐐨y,z")]
    [InlineData(@"[^\s\p{L}]", "𝟘a😀", "𝟘,😀")]
    [InlineData(@"\p{N}", "𝟘1", "𝟘,1")]
    [InlineData(@"[\p{L}&&[^\p{Han}]]+", "ab中c𠀀d", "ab,c,d")]
    [InlineData(@"\s++$", "a  \n b  ", "  ")]
    [InlineData(@"\w++x|.", "abx", "a,b,x")]
    [InlineData(@"(?i:'S|ÄB)", "'s äb'ſ", "'s,äb,'ſ")]
    [InlineData(@"[\x{1F600}-\x{1F64F}\u00e9]+", "😀é😁x", "😀é😁")]
    public void Sees_whole_code_points(string pattern, string text, string expected) =>
        Assert.Equal(expected, string.Join(',', Matches(new CodePointRegex(pattern), text)));

    [Theory]
    [InlineData("(")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("[z-a]")]
    [InlineData(@"\p{Klingon}")]
    [InlineData(@"\p{")]
    [InlineData("(?<=a)b")]
    [InlineData(@"(a)\1")]
    [InlineData(@"\bword")]
    [InlineData("^a")]
    [InlineData("a(?=bc)")]
    [InlineData("(?>a|ab)c")]
    [InlineData("a{5,2}")]
    [InlineData("a{1000000}")]
    [InlineData("(((a{900}){900}){900})")]
    [InlineData("*a")]
    [InlineData(@"\x{110000}")]
    [InlineData("\\")]
    public void Refuses_what_it_cannot_run(string pattern) => Assert.Throws<NotSupportedException>(() => new CodePointRegex(pattern));

    [Fact]
    public void Refuses_endless_nesting() => Assert.Throws<NotSupportedException>(() => new CodePointRegex(new string('(', 100_000) + new string(')', 100_000)));

    [Theory]
    [InlineData(@"\s+$", ' ', "1")]
    [InlineData("a*b|a", 'a', "")]
    [InlineData("(?:a|aa|aaa)*b|aaa", 'a', "c")]
    [InlineData(@"\p{N}{1,3}(?!\p{L})|\p{N}", '1', "x")]
    public async Task Stays_linear_where_backtracking_does_not(string pattern, char c, string end)
    {
        var regex = new CodePointRegex(pattern);
        await Task.Run(() => Matches(regex, new string(c, 1 << 20) + end).Count()).WaitAsync(TimeSpan.FromMinutes(5));
    }

    private static IEnumerable<string> Matches(CodePointRegex regex, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var memory = new RegexMemory();
        int from = 0;
        while (regex.Find(bytes, from, memory, out int start, out int end))
        {
            yield return Encoding.UTF8.GetString(bytes, start, end - start);
            from = end;
        }
    }
}
