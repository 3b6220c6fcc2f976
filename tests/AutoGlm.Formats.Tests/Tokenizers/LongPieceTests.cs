using System.Text;
using AutoGlm.Formats.Tokenizers;
using CsCheck;

namespace AutoGlm.Formats.Tests.Tokenizers;

/// <summary>Long pieces merged a window at a time, beside the same pieces merged at once.</summary>
public class LongPieceTests
{
    public static TheoryData<string> Vocabularies => LinearTimeTests.Vocabularies;

    [Fact]
    public void Windows_merge_as_the_naive_loop_does()
    {
        Gen<(string Left, string Right)[]> merges = Gen.Select(Letters(1, 4), Letters(1, 4)).Array[1, 60];
        Gen.Select(merges, Letters(100, 400), Gen.Int[1, 40]).Sample((pairs, text, window) =>
        {
            (Vocabulary vocabulary, MergeTable table, Dictionary<(string, string), int> ranks) = Read(pairs);
            var model = new BpeModel<RankedMerges>(vocabulary, new RankedMerges(table), new BpeOptions { ByteLevel = true });
            string[] actual = [.. Windowed(model, text, window).Select(id => Encoding.UTF8.GetString(vocabulary.Bytes(id)))];
            Assert.Equal(Naive(text, (left, right) => ranks.TryGetValue((left, right), out int rank) ? rank : null), actual);
        }, iter: 500, threads: 1);
    }

    [Fact]
    public void Windows_merge_by_scores_as_the_naive_loop_does()
    {
        Gen<string[]> pieces = Characters(2, 9).Array[1, 40];
        Gen.Select(pieces, Characters(100, 400), Gen.Int[1, 40]).Sample((words, text, window) =>
        {
            string[] tokens = ["<unk>", "a", "é", "中", .. words.Distinct()];
            var builder = new VocabularyBuilder("test", byteLevel: false, new RowlessTokens("test", null));
            for (int id = 0; id < tokens.Length; id++) builder.Add(id, Encoding.UTF8.GetBytes(tokens[id]), TokenType.Normal, -(id % 7));
            Vocabulary vocabulary = builder.Build();
            var model = new BpeModel<ScoredMerges>(vocabulary, new ScoredMerges(vocabulary), new BpeOptions { UnknownId = 0, FuseUnknown = true });
            List<int> expected = [];
            foreach (string symbol in Naive(text, (left, right) => Array.IndexOf(tokens, left + right) is > 0 and int id ? id % 7 : null))
            {
                int id = Math.Max(0, Array.IndexOf(tokens, symbol));
                if (id > 0 || expected.Count == 0 || expected[^1] != 0) expected.Add(id);
            }

            Assert.Equal(expected, Windowed(model, text, window));
        }, iter: 500, threads: 1);
    }

    /// <summary>
    /// Each merge undoes what the one to its left would do, so that the end of a text decides about its beginning: all seams hold until a
    /// window has that end, then none does. What is looked for further left each time would be looked for longer than anybody waits.
    /// </summary>
    [Theory]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(1000)]
    [InlineData(1001)]
    public void Seams_that_do_not_hold_are_looked_for_further_left(int length)
    {
        string[] letters = [.. Enumerable.Range(0, length).Select(i => ((char)('\u0100' + i)).ToString())];
        string text = string.Concat(letters);
        (Vocabulary vocabulary, MergeTable table, Dictionary<(string, string), int> ranks) = Read([.. letters.Zip(letters.Skip(1)).Reverse()], text, byteLevel: false);
        var model = new BpeModel<RankedMerges>(vocabulary, new RankedMerges(table), new BpeOptions());
        string[] expected = [.. Naive(text, (left, right) => ranks.TryGetValue((left, right), out int rank) ? rank : null)];
        Assert.Equal(length % 2, expected.Count(symbol => symbol.Length == 1));
        Assert.Equal(expected, Windowed(model, text, 8).Select(id => Encoding.UTF8.GetString(vocabulary.Bytes(id))));
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Published_vocabularies_give_the_same_ids(string name) =>
        Compare(TestTokenizers.Open(TestData.Shared("tokenizers", $"ggml-vocab-{name}.gguf")).Model);

    [Fact]
    public void The_fixture_gives_the_same_ids() => Compare(TestTokenizers.Fixture.Model);

    private static void Compare(TokenModel model)
    {
        var random = new Random(1);
        string[] texts =
        [
            new string('a', 50_001), new string(' ', 50_001), new string('中', 20_001), string.Concat(Enumerable.Repeat("abcab", 10_000)),
            Convert.ToBase64String(Bytes(random, 40_000)), Convert.ToHexStringLower(Bytes(random, 25_000)),
            new string([.. Enumerable.Range(0, 20_000).Select(_ => (char)random.Next(0x20, 0x500))]),
        ];
        foreach (string text in texts)
        {
            switch (model)
            {
                case BpeModel<RankedMerges> ranked:
                    Assert.Equal(AtOnce(ranked, text), Windowed(ranked, text, 1 << 13));
                    break;
                case BpeModel<ScoredMerges> scored:
                    Assert.Equal(AtOnce(scored, text), Windowed(scored, text, 1 << 13));
                    break;
                default:
                    Assert.Fail($"{model} is no byte-pair model.");
                    break;
            }
        }
    }

    private static byte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static List<int> AtOnce<TRule>(BpeModel<TRule> model, string text)
        where TRule : struct, IMergeRule
    {
        byte[] piece = Encoding.UTF8.GetBytes(text);
        var scratch = new MergeScratch();
        List<int> output = [];
        model.Merge(piece, scratch);
        model.PutOut(piece, scratch, scratch.Count, false, output);
        return output;
    }

    private static List<int> Windowed<TRule>(BpeModel<TRule> model, string text, int window)
        where TRule : struct, IMergeRule
    {
        List<int> output = [];
        EncodeContext context = EncodeContext.Rent(output);
        new LongPiece<TRule>(model, Encoding.UTF8.GetBytes(text), context, window).Encode();
        context.Return();
        return output;
    }

    private static (Vocabulary Vocabulary, MergeTable Table, Dictionary<(string, string), int> Ranks) Read((string Left, string Right)[] pairs, string letters = "abc", bool byteLevel = true)
    {
        List<string> tokens = [.. letters.Select(letter => letter.ToString())];
        var ranks = new Dictionary<(string, string), int>();
        var table = new MergeTable(pairs.Length);
        foreach ((string left, string right) in pairs)
        {
            if (!tokens.Contains(left) || !tokens.Contains(right) || !ranks.TryAdd((left, right), ranks.Count)) continue;
            if (!tokens.Contains(left + right)) tokens.Add(left + right);
            table.Add(tokens.IndexOf(left), tokens.IndexOf(right), (uint)ranks.Count - 1, tokens.IndexOf(left + right));
        }

        var builder = new VocabularyBuilder("test", byteLevel, new RowlessTokens("test", null));
        for (int id = 0; id < tokens.Count; id++) builder.Add(id, Encoding.UTF8.GetBytes(tokens[id]), TokenType.Normal, 0);
        return (builder.Build(), table, ranks);
    }

    private static List<string> Naive(string text, Func<string, string, int?> rank)
    {
        List<string> symbols = [.. text.Select(c => c.ToString())];
        while (true)
        {
            int best = -1, least = int.MaxValue;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                if (rank(symbols[i], symbols[i + 1]) is { } found && found < least) (best, least) = (i, found);
            }

            if (best < 0) return symbols;
            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
    }

    private static Gen<string> Letters(int minimum, int maximum) => Gen.Char["aabc"].Array[minimum, maximum].Select(chars => new string(chars));

    private static Gen<string> Characters(int minimum, int maximum) => Gen.Char["aaéé中x"].Array[minimum, maximum].Select(chars => new string(chars));
}
