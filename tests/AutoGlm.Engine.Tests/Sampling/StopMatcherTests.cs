using System.Text;
using AutoGlm.Engine.Sampling;
using CsCheck;

namespace AutoGlm.Engine.Tests.Sampling;

public class StopMatcherTests
{
    private static readonly Gen<string> s_text = Gen.Int[0, 2].Select(letter => (char)('a' + letter)).Array[0, 40].Select(letters => new string(letters));

    private static readonly Gen<string[]> s_stops = Gen.Int[0, 2].Select(letter => (char)('a' + letter)).Array[1, 5].Select(letters => new string(letters)).Array[0, 4];

    [Fact]
    public void Finds_what_a_search_of_the_whole_text_finds_however_it_is_split()
    {
        Gen.Select(s_text, s_stops, Gen.Int[1, 7].Array[40]).Sample((text, stops, sizes) =>
        {
            (string expected, bool stopped) = Search(text, stops);
            var matcher = new StopMatcher(stops);
            var emitted = new StringBuilder();
            for (int at = 0, piece = 0; at < text.Length; at += sizes[piece++])
            {
                emitted.Append(matcher.Append(text.Substring(at, Math.Min(sizes[piece], text.Length - at))));
                Assert.StartsWith(emitted.ToString(), expected, StringComparison.Ordinal);
                string read = text[..Math.Min(text.Length, at + sizes[piece])];
                if (!matcher.Stopped) Assert.Equal(read.Length - LongestOpen(read, stops), emitted.Length);
            }

            emitted.Append(matcher.Flush());
            Assert.Equal((expected, stopped), (emitted.ToString(), matcher.Stopped));
        });
    }

    [Fact]
    public void Lets_text_through_at_once_where_no_stop_text_can_begin()
    {
        var matcher = new StopMatcher(["<|end|>", "\nUser:"]);
        Assert.Equal("Hello ", matcher.Append("Hello <|"));
        Assert.Equal("<|en-", matcher.Append("en-"));
        Assert.Equal("", matcher.Append("\nUs"));
        Assert.Equal("\nUsed", matcher.Append("ed"));
        Assert.Equal(" up", matcher.Append(" up\nUser: and more"));
        Assert.True(matcher.Stopped);
        Assert.Equal("", matcher.Append("more") + matcher.Flush("still"));
    }

    [Fact]
    public void A_last_piece_may_complete_a_stop_text_or_give_the_rest()
    {
        var matcher = new StopMatcher(["END"]);
        Assert.Equal("a", matcher.Append("aE"));
        Assert.Equal("", matcher.Flush("ND of it"));
        Assert.True(matcher.Stopped);
        matcher = new StopMatcher(["END"]);
        Assert.Equal("a", matcher.Append("aEN"));
        Assert.Equal("EN", matcher.Flush());
        Assert.False(matcher.Stopped);
    }

    [Fact]
    public void An_empty_stop_text_is_refused() => Assert.Throws<ArgumentException>(() => new StopMatcher(["a", ""]));

    /// <summary>The text before the stop text that is complete first; of two that end together, the longer one.</summary>
    private static (string Before, bool Stopped) Search(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string read = text[..end];
            int longest = stops.Where(stop => read.EndsWith(stop, StringComparison.Ordinal)).Select(stop => stop.Length).DefaultIfEmpty().Max();
            if (longest > 0) return (read[..^longest], true);
        }

        return (text, false);
    }

    /// <summary>Length of the longest end of a text that begins a stop text.</summary>
    private static int LongestOpen(string text, string[] stops) => Enumerable.Range(0, text.Length + 1)
        .First(start => start == text.Length || stops.Any(stop => stop.StartsWith(text[start..], StringComparison.Ordinal))) is var at ? text.Length - at : 0;
}
