using System.Text;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Formats.Tests.Tokenizers;

/// <summary>A megabyte of anything encodes within seconds; the bound is generous, for quadratic time is most of an hour.</summary>
public class LinearTimeTests
{
    private static readonly TimeSpan _bound = TimeSpan.FromMinutes(5);

    public static TheoryData<string> Vocabularies => ["deepseek-llm", "gpt-2", "llama-bpe", "llama-spm", "phi-3", "qwen2"];

    [Fact]
    public Task The_fixture_is_linear() => EncodeAll(TestTokenizers.Fixture);

    [Fact]
    public Task Sentence_piece_without_words_is_linear() =>
        EncodeAll(TestTokenizers.FromGguf(TestTokenizers.SentencePiece("▁", "a", "aa", "aaaa", "a▁", "▁▁", "▁▁▁▁", "1", "11", "!")));

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public Task Published_vocabularies_are_linear(string name) =>
        EncodeAll(TestTokenizers.Open(TestData.Shared("tokenizers", $"ggml-vocab-{name}.gguf")));

    private static async Task EncodeAll(Tokenizer tokenizer)
    {
        foreach (string text in Texts())
        {
            int[] ids = await Task.Run(() => tokenizer.Encode(text, addSpecial: false, parseSpecial: true)).WaitAsync(_bound);
            Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), tokenizer.Decode(ids, skipSpecial: false));
        }
    }

    private static IEnumerable<string> Texts()
    {
        foreach (char c in "a 1\n!'<中\uD83D") yield return new string(c, 1 << 20);
        yield return new string(' ', 1 << 20) + "1";
        yield return string.Concat(Enumerable.Repeat("<|im_", 1 << 18));
        yield return string.Concat(Enumerable.Repeat("The quick brown fox jumps over 13 lazy dogs. ", 1 << 15));
        var random = new Random(1);
        var any = new StringBuilder();
        while (any.Length < 1 << 20)
        {
            int point = random.Next(0x110000);
            // SentencePiece cannot tell its visible space from a space.
            if (point is not (>= 0xD800 and <= 0xDFFF or 0x2581)) any.Append(char.ConvertFromUtf32(point));
        }

        yield return any.ToString();
    }
}
