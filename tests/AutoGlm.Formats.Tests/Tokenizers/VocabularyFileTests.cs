using System.Text;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Formats.Tests.Tokenizers;

/// <summary>Published vocabularies with the ids that their own tokenizers give for a set of awkward texts.</summary>
public class VocabularyFileTests
{
    [Theory]
    [InlineData("deepseek-llm")]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("qwen2")]
    public void Encodes_every_case_as_the_reference(string name)
    {
        string path = TestData.Shared("tokenizers", $"ggml-vocab-{name}.gguf");
        string[] texts = File.ReadAllText(path + ".inp").Split("\n__ggml_vocab_test__\n");
        string[] expected = File.ReadAllText(path + ".out").Split('\n');
        Assert.Equal(texts.Length, expected.Length);
        Tokenizer tokenizer = Open(path);
        var wrong = new StringBuilder();
        for (int i = 0; i < texts.Length; i++)
        {
            string ids = string.Join(' ', tokenizer.Encode(texts[i], addSpecial: false, parseSpecial: false));
            if (ids != expected[i].Trim()) wrong.AppendLine($"case {i} \"{texts[i]}\":\n  {expected[i].Trim()}\n  {ids}");
        }

        Assert.Equal("", wrong.ToString());
    }

    [Theory]
    [InlineData("deepseek-llm")]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("qwen2")]
    public void Decodes_what_it_encoded(string name)
    {
        string path = TestData.Shared("tokenizers", $"ggml-vocab-{name}.gguf");
        Tokenizer tokenizer = Open(path);
        foreach (string text in File.ReadAllText(path + ".inp").Split("\n__ggml_vocab_test__\n"))
        {
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, addSpecial: false, parseSpecial: false), skipSpecial: false));
        }
    }

    [Theory]
    [InlineData("llama-bpe", 128000, 128001, 128000)]
    [InlineData("llama-spm", 1, 2, 1)]
    [InlineData("qwen2", 151643, 151643, -1)]
    public void Knows_the_special_tokens(string name, int bos, int eos, int first)
    {
        Tokenizer tokenizer = Open(TestData.Shared("tokenizers", $"ggml-vocab-{name}.gguf"));
        Assert.Equal(bos, tokenizer.BosId);
        Assert.Equal(eos, tokenizer.EosId);
        Assert.Contains(eos, tokenizer.EndOfGenerationIds);
        Assert.Equal(first >= 0, tokenizer.AddBos);
        int[] ids = tokenizer.Encode("a", addSpecial: true, parseSpecial: true);
        Assert.Equal(first >= 0 ? first : ids[0], ids[0]);
        string end = tokenizer.TokenText(eos);
        Assert.Equal([eos], tokenizer.Encode(end, addSpecial: false, parseSpecial: true));
        Assert.DoesNotContain(eos, tokenizer.Encode(end, addSpecial: false, parseSpecial: false));
        Assert.True(tokenizer.IsSpecial(eos));
        Assert.Equal(eos, tokenizer.FindToken(end));
    }

    private static Tokenizer Open(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return TokenizerFactory.FromGguf(file.Metadata, path);
    }
}
