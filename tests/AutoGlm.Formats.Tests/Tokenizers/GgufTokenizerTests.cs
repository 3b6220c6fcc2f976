using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Formats.Tests.Tokenizers;

public class GgufTokenizerTests
{
    [Fact]
    public void Faults_are_named()
    {
        Fails("tokenizer.ggml.model", metadata => metadata["tokenizer.ggml.model"] = "rwkv");
        Fails("tokenizer.ggml.model", metadata => metadata.Remove("tokenizer.ggml.model"));
        Fails("tokenizer.ggml.tokens", metadata => metadata.Remove("tokenizer.ggml.tokens"));
        Fails("tokenizer.ggml.tokens", metadata => metadata["tokenizer.ggml.tokens"] = 7);
        Fails("tokenizer.ggml.tokens", metadata =>
        {
            metadata["tokenizer.ggml.tokens"] = new[] { "a", "b", "a" };
            metadata.Remove("tokenizer.ggml.scores");
            metadata.Remove("tokenizer.ggml.token_type");
        });
        Fails("tokenizer.ggml.scores", metadata => metadata["tokenizer.ggml.scores"] = new[] { 1f });
        Fails("tokenizer.ggml.token_type", metadata => metadata["tokenizer.ggml.token_type"] = new[] { 1 });
        Fails("tokenizer.ggml.scores", metadata => metadata["tokenizer.ggml.scores"] = Enumerable.Repeat(float.NaN, 300).ToArray());
        Fails("tokenizer.ggml.merges", metadata => metadata["tokenizer.ggml.model"] = "gpt2");
        Fails("vocabulary", metadata => metadata["tokenizer.ggml.tokens"] = Array.Empty<string>());
    }

    [Fact]
    public void An_unknown_pre_tokenizer_is_refused_with_those_that_are_known()
    {
        ModelFormatException error = Fails("tokenizer.ggml.pre", metadata =>
        {
            metadata["tokenizer.ggml.model"] = "gpt2";
            metadata["tokenizer.ggml.pre"] = "martian";
        });
        string[] names = ["martian", "llama-bpe", "qwen2", "chatglm-bpe", "glm4", "gpt-4o", "tekken", "deepseek-v3", "smollm"];
        Assert.All(names, name => Assert.Contains(name, error.Message));
    }

    [Fact]
    public void Every_known_pre_tokenizer_loads_and_brings_text_back()
    {
        using GgufFile file = GgufFile.Open(TestData.InRepository("models", "autoglm-mini.gguf"));
        foreach (string name in KnownPreTokenizer.AllNames)
        {
            GgufMetadata metadata = new();
            foreach ((string key, GgufValue value) in file.Metadata) metadata[key] = value;
            metadata["tokenizer.ggml.pre"] = name;
            // Vocabularies of characters write spaces otherwise; this one is of bytes.
            if (KnownPreTokenizer.Find(name)!.CharacterLevel) continue;
            Tokenizer tokenizer = TestTokenizers.FromGguf(metadata);
            const string text = "Hello, y'all! 1234567 中文カナ éa\u0301 \r\n\n  x 😀 ½ <sentinel:12> a_b (c) 한국 ไทย";
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, false, false), true));
        }
    }

    [Fact]
    public void Special_ids_may_be_none_and_padding_is_not_used()
    {
        GgufMetadata metadata = TestTokenizers.SentencePiece("▁", "a");
        metadata["tokenizer.ggml.eos_token_id"] = uint.MaxValue;
        metadata["tokenizer.ggml.eom_token_id"] = -1;
        metadata["tokenizer.ggml.padding_token_id"] = 5_000;
        metadata["tokenizer.ggml.eot_token_id"] = 260;
        Tokenizer tokenizer = TestTokenizers.FromGguf(metadata);
        Assert.Null(tokenizer.EosId);
        Assert.Null(tokenizer.PadId);
        Assert.Equal(1, tokenizer.BosId);
        Assert.Contains(260, tokenizer.EndOfGenerationIds);
    }

    [Theory]
    [InlineData("eos_token_id", 5_000_000_000L)]
    [InlineData("bos_token_id", 261L)]
    [InlineData("eot_token_id", 261L)]
    [InlineData("unknown_token_id", -2L)]
    public void Special_ids_beyond_the_vocabulary_are_refused(string key, long id)
    {
        GgufMetadata metadata = TestTokenizers.SentencePiece("▁", "a");
        metadata["tokenizer.ggml." + key] = id;
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => TestTokenizers.FromGguf(metadata));
        Assert.Equal("tokenizer.ggml." + key, error.Field);
        Assert.Contains("0 to 260", error.Reason);
    }

    [Fact]
    public void The_file_says_whether_a_text_begins_with_a_space_and_with_which_tokens()
    {
        GgufMetadata metadata = TestTokenizers.SentencePiece("▁", "a", "▁a");
        Assert.Equal([1, 261], TestTokenizers.FromGguf(metadata).Encode("a", addSpecial: true, parseSpecial: false));
        metadata["tokenizer.ggml.add_space_prefix"] = false;
        metadata["tokenizer.ggml.add_bos_token"] = false;
        metadata["tokenizer.ggml.add_eos_token"] = true;
        Tokenizer tokenizer = TestTokenizers.FromGguf(metadata);
        Assert.Equal([260, 2], tokenizer.Encode("a", addSpecial: true, parseSpecial: false));
        Assert.Equal(" a", tokenizer.Decode(tokenizer.Encode(" a", false, false), true));
        Assert.True(tokenizer.AddEos);
        Assert.False(tokenizer.AddBos);
    }

    [Fact]
    public void Added_tokens_of_spaces_and_newlines_stay_whole()
    {
        GgufMetadata metadata = TestTokenizers.SentencePiece("▁", "a", "\n\n", "   ");
        metadata["tokenizer.ggml.token_type"] = Enumerable.Range(0, 263).Select(id => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : id > 260 ? 4 : 1).ToArray();
        metadata["tokenizer.ggml.add_space_prefix"] = false;
        Tokenizer tokenizer = TestTokenizers.FromGguf(metadata);
        Assert.Equal([260, 262, 261, 259, 260], tokenizer.Encode("a   \n\n a", false, false));
        Assert.Equal("a   \n\n a", tokenizer.Decode([260, 262, 261, 259, 260], true));
        Assert.False(tokenizer.IsSpecial(261));
    }

    [Fact]
    public void Ends_of_turn_are_known_by_text()
    {
        Assert.Equal([2, 259], Ends("<|im_end|>", "<|user|>"));
        Assert.Equal([2, 259, 260], Ends("<|user|>", "<|observation|>"));
        Assert.Equal([2, 259, 260], Ends("<|return|>", "<|call|>", "<|end|>"));
        Assert.Equal([2, 260], Ends("<|user|>", "<|end|>"));

        static int[] Ends(params string[] added)
        {
            GgufMetadata metadata = TestTokenizers.SentencePiece(added);
            metadata["tokenizer.ggml.token_type"] = Enumerable.Range(0, 259 + added.Length).Select(id => id < 3 || id >= 259 ? 3 : 6).ToArray();
            return [.. TestTokenizers.FromGguf(metadata).EndOfGenerationIds.Order()];
        }
    }

    private static ModelFormatException Fails(string field, Action<GgufMetadata> change)
    {
        GgufMetadata metadata = TestTokenizers.SentencePiece("▁", "a");
        change(metadata);
        var error = Assert.Throws<ModelFormatException>(() => TestTokenizers.FromGguf(metadata));
        Assert.Equal(field, error.Field);
        return error;
    }
}
