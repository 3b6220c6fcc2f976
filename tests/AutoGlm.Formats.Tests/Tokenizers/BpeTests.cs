using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tokenizers;
using CsCheck;

namespace AutoGlm.Formats.Tests.Tokenizers;

/// <summary>Byte-pair encoding beside its definition: a loop that merges the best pair until none is left.</summary>
public class BpeTests
{
    [Fact]
    public void Merges_as_the_naive_loop_does()
    {
        Gen<(string Left, string Right)[]> merges = Gen.Select(Letters(1, 2), Letters(1, 3)).Array[1, 30];
        Gen.Select(merges, Letters(0, 120)).Sample((pairs, text) =>
        {
            (List<string> tokens, List<(string, string)> kept) = Vocabulary(pairs);
            Tokenizer tokenizer = TestTokenizers.FromGguf(Gguf(tokens, kept));
            string[] expected = [.. Naive(text, kept)];
            string[] actual = [.. tokenizer.Encode(text, false, false).Select(id => tokenizer.TokenText(id).Replace('Ġ', ' '))];
            Assert.Equal(expected, actual);
        }, iter: 300, threads: 1);
    }

    [Fact]
    public void Scores_decide_in_sentence_piece_and_the_leftmost_of_equals_wins()
    {
        Tokenizer tokenizer = TestTokenizers.FromGguf(TestTokenizers.SentencePiece("▁", "a", "b", "ab", "ba", "▁ab"));
        Assert.Equal(["▁ab", "ab", "a"], Texts(tokenizer, "ababa"));
        Assert.Equal(["▁", "b", "ab"], Texts(tokenizer, "bab"));
    }

    [Fact]
    public void Unknown_characters_fall_back_to_bytes()
    {
        Tokenizer tokenizer = TestTokenizers.FromGguf(TestTokenizers.SentencePiece("▁", "a"));
        Assert.Equal(["▁", "a", "<0xC3>", "<0xA9>", "▁", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>"], Texts(tokenizer, "aé 😀"));
        Assert.Equal("aé 😀", tokenizer.Decode(tokenizer.Encode("aé 😀", false, false), false));
    }

    [Fact]
    public void Neighbouring_unknowns_do_not_merge()
    {
        var json = TestTokenizers.FixtureJson();
        json["pre_tokenizer"] = null;
        json["decoder"] = null;
        json["added_tokens"] = new System.Text.Json.Nodes.JsonArray();
        json["model"] = System.Text.Json.Nodes.JsonNode.Parse("""
            {"type":"BPE","unk_token":"?","fuse_unk":false,"vocab":{"?":0,"a":1,"b":2,"ab":3},"merges":[["a","b"]]}
            """);
        Assert.Equal([0, 0, 3, 0], TestTokenizers.Read(json).Encode("xyabz", false, false));
        json["model"]!["fuse_unk"] = true;
        Assert.Equal([0, 3, 0], TestTokenizers.Read(json).Encode("xyabz", false, false));
    }

    [Fact]
    public void A_long_piece_is_cut_at_spaces_only_where_no_token_spans_them()
    {
        string[] pieces = ["▁", "a", "b", "▁a", "a▁", "a▁b", "▁b"];
        Tokenizer whole = TestTokenizers.FromGguf(TestTokenizers.SentencePiece(pieces));
        // "▁a" is the best of the multi-character pieces, but after it "a▁b" cannot form, for its "a" is gone.
        Assert.Equal(["▁a", "▁b"], Texts(whole, "a b"));
        Tokenizer spanning = TestTokenizers.FromGguf(TestTokenizers.SentencePiece("▁", "a", "b", "a▁", "a▁b", "▁a"));
        Assert.Equal(["▁", "a▁b"], Texts(spanning, "a b"));
    }

    private static Gen<string> Letters(int minimum, int maximum) => Gen.Char["aab c"].Array[minimum, maximum].Select(chars => new string(chars));

    private static string[] Texts(Tokenizer tokenizer, string text) => [.. tokenizer.Encode(text, false, false).Select(tokenizer.TokenText)];

    private static (List<string> Tokens, List<(string Left, string Right)> Merges) Vocabulary((string Left, string Right)[] pairs)
    {
        List<string> tokens = [" ", "a", "b", "c"];
        List<(string, string)> kept = [];
        foreach ((string left, string right) in pairs)
        {
            if (!tokens.Contains(left) || !tokens.Contains(right) || kept.Contains((left, right))) continue;
            kept.Add((left, right));
            if (!tokens.Contains(left + right)) tokens.Add(left + right);
        }

        return (tokens, kept);
    }

    private static GgufMetadata Gguf(List<string> tokens, List<(string Left, string Right)> merges) => new()
    {
        ["tokenizer.ggml.model"] = "gpt2",
        // Leaves runs of letters whole, so that pieces are long enough for both ways of merging.
        ["tokenizer.ggml.pre"] = "bloom",
        ["tokenizer.ggml.tokens"] = tokens.Select(Spelled).ToArray(),
        ["tokenizer.ggml.merges"] = merges.Select(pair => Spelled(pair.Left) + " " + Spelled(pair.Right)).DefaultIfEmpty("a b").ToArray(),
    };

    private static string Spelled(string text) => text.Replace(' ', 'Ġ');

    private static IEnumerable<string> Naive(string text, List<(string Left, string Right)> merges)
    {
        // What "bloom" cuts: runs without a space, each with the one space before it; other spaces stand by themselves.
        foreach (System.Text.RegularExpressions.Match piece in System.Text.RegularExpressions.Regex.Matches(text, " ?[^ ]+| +(?= [^ ])| +"))
        {
            List<string> symbols = [.. piece.Value.Select(c => c.ToString())];
            while (true)
            {
                int best = -1, rank = int.MaxValue;
                for (int i = 0; i + 1 < symbols.Count; i++)
                {
                    int found = merges.IndexOf((symbols[i], symbols[i + 1]));
                    if (found >= 0 && found < rank) (best, rank) = (i, found);
                }

                if (best < 0) break;
                symbols[best] += symbols[best + 1];
                symbols.RemoveAt(best + 1);
            }

            foreach (string symbol in symbols) yield return symbol;
        }
    }
}
