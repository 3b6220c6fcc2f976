using System.Text.Json.Nodes;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tokenizers;
using CsCheck;

namespace AutoGlm.Formats.Tests.Tokenizers;

public class UnigramAndWordPieceTests
{
    [Fact]
    public void Viterbi_finds_the_best_of_all_ways_to_cut() =>
        Gen.Select(Gen.Select(Letters("abc", 3), Gen.Int[1, 4000]).Array[1, 12], Letters("abcx", 10)).Sample((pieces, text) =>
        {
            var scores = new Dictionary<string, float>();
            // Powers of two would tie; these sums of odd fractions do not.
            foreach ((string piece, int score) in pieces) scores[piece] = -score * 0.0137f;
            Tokenizer tokenizer = Unigram(scores);
            double unknown = Math.Min(0, scores.Values.Min()) - 10;
            string[] found = [.. tokenizer.Encode(text, false, false).Select(tokenizer.TokenText)];
            double best = Best(text, scores, unknown);
            Assert.Equal(best, Score(text, found, scores, unknown), 1e-4);
        }, iter: 500);

    [Fact]
    public void Unknown_characters_in_a_row_are_one_token() =>
        Assert.Equal(["a", "<unk>", "a"], Texts(Unigram(new() { ["a"] = -1 }), "axyza"));

    [Fact]
    public void SentencePiece_makes_runs_of_spaces_one_where_the_file_says_so()
    {
        var metadata = new GgufMetadata
        {
            ["tokenizer.ggml.model"] = "t5",
            ["tokenizer.ggml.tokens"] = new[] { "<pad>", "</s>", "<unk>", "▁a", "▁", "a" },
            ["tokenizer.ggml.scores"] = new[] { 0f, 0, 0, -1, -2, -3 },
            ["tokenizer.ggml.token_type"] = new[] { 3, 3, 2, 1, 1, 1 },
            ["tokenizer.ggml.add_space_prefix"] = true,
            ["tokenizer.ggml.remove_extra_whitespaces"] = true,
        };
        Tokenizer tokenizer = TestTokenizers.FromGguf(metadata);
        Assert.Equal([3, 3, 1], tokenizer.Encode("  a   a ", addSpecial: true, parseSpecial: false));
        Assert.Equal("a a", tokenizer.Decode([3, 3, 1], skipSpecial: true));
    }

    [Theory]
    [InlineData("unwanted running", "un ##want ##ed runn ##ing")]
    [InlineData("Ünwanted,RUNNING", "un ##want ##ed , runn ##ing")]
    [InlineData("unwantedX run", "[UNK] [UNK]")]
    [InlineData("中run\u0000ning\u200B", "[UNK] runn ##ing")]
    public void WordPiece_takes_the_longest_pieces(string text, string expected)
    {
        Tokenizer json = TestTokenizers.Read("""
            {"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"un":3,"##want":4,"##ed":5,"runn":6,"##ing":7,",":8}},
             "added_tokens":[{"id":0,"content":"[UNK]","special":true},{"id":1,"content":"[CLS]","special":true},{"id":2,"content":"[SEP]","special":true}],
             "normalizer":{"type":"BertNormalizer","lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
             "post_processor":{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]},"decoder":{"type":"WordPiece"}}
            """);
        Assert.Equal(expected.Split(' '), Texts(json, text));
        var metadata = new GgufMetadata
        {
            ["tokenizer.ggml.model"] = "bert",
            ["tokenizer.ggml.tokens"] = new[] { "[UNK]", "[CLS]", "[SEP]", "▁un", "want", "ed", "▁runn", "ing", "▁," },
            ["tokenizer.ggml.token_type"] = new[] { 2, 3, 3, 1, 1, 1, 1, 1, 1 },
            ["tokenizer.ggml.unknown_token_id"] = 0,
            ["tokenizer.ggml.bos_token_id"] = 1,
            ["tokenizer.ggml.seperator_token_id"] = 2,
        };
        Tokenizer gguf = TestTokenizers.FromGguf(metadata);
        int[] ids = gguf.Encode(text, addSpecial: true, parseSpecial: false);
        Assert.Equal(json.Encode(text, addSpecial: true, parseSpecial: false), ids);
        Assert.Equal((1, 2), (ids[0], ids[^1]));
        Assert.Equal(json.Decode(ids, true), gguf.Decode(ids, true));
    }

    private static Gen<string> Letters(string of, int maximum) => Gen.Char[of].Array[1, maximum].Select(chars => new string(chars));

    private static Tokenizer Unigram(Dictionary<string, float> scores)
    {
        var vocabulary = new JsonArray(new JsonArray("<unk>", 0));
        foreach ((string piece, float score) in scores) vocabulary.Add(new JsonArray(piece, score));
        return TestTokenizers.Read(new JsonObject
        {
            ["model"] = new JsonObject { ["type"] = "Unigram", ["unk_id"] = 0, ["vocab"] = vocabulary },
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = 0, ["content"] = "<unk>", ["special"] = true }),
        });
    }

    private static string[] Texts(Tokenizer tokenizer, string text) => [.. tokenizer.Encode(text, false, false).Select(tokenizer.TokenText)];

    private static double Best(string text, Dictionary<string, float> scores, double unknown)
    {
        if (text.Length == 0) return 0;
        double best = scores.ContainsKey(text[..1]) ? double.NegativeInfinity : unknown + Best(text[1..], scores, unknown);
        foreach ((string piece, float score) in scores)
        {
            if (text.StartsWith(piece, StringComparison.Ordinal)) best = Math.Max(best, score + Best(text[piece.Length..], scores, unknown));
        }

        return best;
    }

    private static double Score(string text, string[] pieces, Dictionary<string, float> scores, double unknown)
    {
        double sum = 0;
        for (int i = 0; i < pieces.Length; i++)
        {
            if (scores.TryGetValue(pieces[i], out float score))
            {
                Assert.StartsWith(pieces[i], text);
                text = text[pieces[i].Length..];
                sum += score;
                continue;
            }

            // An unknown token stands for the fewest characters that let the rest be read.
            int length = 1;
            while (!Readable(text[length..], pieces[(i + 1)..], scores)) length++;
            text = text[length..];
            sum += unknown * length;
        }

        Assert.Equal("", text);
        return sum;
    }

    private static bool Readable(string text, string[] pieces, Dictionary<string, float> scores)
    {
        if (pieces.Length == 0) return text.Length == 0;
        if (scores.ContainsKey(pieces[0])) return text.StartsWith(pieces[0], StringComparison.Ordinal) && Readable(text[pieces[0].Length..], pieces[1..], scores);
        return Enumerable.Range(1, text.Length).Any(length => Readable(text[length..], pieces[1..], scores));
    }
}
