using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tokenizers;
using CsCheck;

namespace AutoGlm.Formats.Tests.Tokenizers;

/// <summary>Tokens that were added without resizing the embedding.</summary>
public class RowlessTokensTests
{
    private const int Rows = 320;

    private static readonly Gen<string> _text = Gen.Int[0, 9].Array[0, 30].Select(chosen =>
        string.Concat(chosen.Select(i => new[] { "<pad>", "<|im_end|>", "<|im_", "end|>", "the ", "é", "中", "<s>", "[new]", " " }[i])));

    [Fact]
    public void Are_ordinary_text_as_if_they_had_never_been_added() => _text.Sample(text =>
    {
        foreach (bool parse in new[] { false, true })
        {
            Assert.Equal(TestTokenizers.Fixture.Encode(text, true, parse), _left.Encode(text, true, parse));
        }
    }, iter: 500);

    private static readonly Tokenizer _left = Read(Rows, added: ["<|im_end|>", "[new]"]);

    [Fact]
    public void Are_left_out_and_named()
    {
        Assert.Equal(Rows, _left.VocabularySize);
        Assert.Null(_left.FindToken("<|im_end|>"));
        Assert.DoesNotContain(Rows, _left.EndOfGenerationIds);
        Assert.Matches(@"tokenizer\.json has added tokens beyond the model's 320 rows, one a token: '<\|im_end\|>' \(320\), '\[new\]' \(321\)\. They are left out:", _left.Notice);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(321)]
    [InlineData(1000)]
    public void With_rows_for_them_they_are_tokens(int? rows)
    {
        Tokenizer tokenizer = Read(rows, added: ["<|im_end|>"]);
        Assert.Null(tokenizer.Notice);
        Assert.Equal([320], tokenizer.Encode("<|im_end|>", false, true));
        Assert.Contains(320, tokenizer.EndOfGenerationIds);
    }

    [Fact]
    public void Only_those_without_a_row_are_left_out()
    {
        Tokenizer tokenizer = Read(321, added: ["[a]", "[b]"]);
        Assert.Equal(321, tokenizer.VocabularySize);
        Assert.Equal(320, tokenizer.FindToken("[a]"));
        Assert.Null(tokenizer.FindToken("[b]"));
    }

    [Fact]
    public void Those_that_the_vocabulary_has_too_are_left_out()
    {
        JsonObject json = With("[new]");
        json["model"]!["vocab"]!.AsObject().Add("[new]", 320);
        Assert.Equal(Rows, Read(json, Rows).VocabularySize);
    }

    [Fact]
    public void Other_tokens_of_the_vocabulary_have_rows_or_it_is_refused()
    {
        JsonObject json = With("[new]");
        json["model"]!["vocab"]!.AsObject().Add("ordinary", 321);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Read(json, Rows));
        Assert.Equal("vocabulary", error.Field);
        Assert.Contains("'ordinary' as token 321", error.Reason);
        Assert.Contains("320 rows", error.Reason);
        Assert.Equal(322, Read(json, 322).VocabularySize);
    }

    [Fact]
    public void Are_padding_and_ends_no_more()
    {
        Tokenizer tokenizer = Read(
            Rows,
            ["<fill>", "<|im_end|>"],
            tokenizerConfig: """{"bos_token": "<s>", "eos_token": "<|im_end|>", "pad_token": "<fill>"}""",
            config: """{"eos_token_id": [2, 321], "pad_token_id": 320}""",
            generation: """{"eos_token_id": [321, 3], "bos_token_id": 1}""");
        Assert.Equal((1, 2, null), (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId));
        Assert.Superset(new HashSet<int> { 2, 3 }, new HashSet<int>(tokenizer.EndOfGenerationIds));
        Assert.DoesNotContain(321, tokenizer.EndOfGenerationIds);
        Assert.Contains("left out, also as end of generation, eos, pad:", tokenizer.Notice);
    }

    [Theory]
    [InlineData("""{"bos_token": "[a]", "add_bos_token": true}""", "{}", null, "add_bos_token")]
    [InlineData("""{"eos_token": "[a]", "add_eos_token": true}""", "{}", null, "add_eos_token")]
    [InlineData("""{"add_bos_token": true}""", """{"bos_token_id": 320}""", null, "add_bos_token")]
    [InlineData("""{"bos_token": "[a]"}""", "{}", "{{ bos_token }}{{ messages[0].content }}", "chat template")]
    [InlineData("""{"eos_token": {"content": "[a]"}}""", """{"eos_token_id": 2}""", "{{ messages[0].content + eos_token }}", "chat template")]
    public void What_texts_need_is_refused(string tokenizerConfig, string config, string? template, string field)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Read(Rows, ["[a]"], tokenizerConfig, config, template: template));
        Assert.Equal(field, error.Field);
        Assert.Contains("'[a]' (320)", error.Reason);
        Assert.Contains("resize the model's embedding", error.Reason);
        Read(Rows + 1, ["[a]"], tokenizerConfig, config, template: template);
    }

    /// <summary>A list of ends beside the tokenizer's own says nothing of what templates write.</summary>
    [Fact]
    public void A_template_may_write_an_end_that_is_left()
    {
        Tokenizer tokenizer = Read(Rows, ["[a]"], """{"eos_token": "</s>"}""", """{"eos_token_id": [2, 320]}""", template: "{{ eos_token }}");
        Assert.Equal(2, tokenizer.EosId);
    }

    [Fact]
    public void What_the_post_processor_adds_is_refused()
    {
        JsonObject json = With("[a]");
        json["post_processor"] = JsonNode.Parse("""{"type": "BertProcessing", "cls": ["[a]", 320], "sep": ["</s>", 2]}""");
        Assert.Equal("post_processor", Assert.Throws<ModelFormatException>(() => Read(json, Rows)).Field);
    }

    [Theory]
    [InlineData("""{"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "[u]"}""", false)]
    [InlineData("""{"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "[u]", "byte_fallback": true}""", true)]
    [InlineData("""{"type": "WordPiece", "vocab": {"a": 0}, "unk_token": "[u]"}""", false)]
    public void A_token_for_unknown_text_is_needed_where_bytes_do_not_stand_in(string model, bool loads)
    {
        JsonNode json = JsonNode.Parse($$"""{"added_tokens": [{"id": 1, "content": "[u]", "special": true}], "model": {{model}}}""")!;
        if (loads) Assert.Null(Read(json, 1).UnknownId);
        else Assert.Equal("model.unk_token", Assert.Throws<ModelFormatException>(() => Read(json, 1)).Field);
    }

    [Fact]
    public void An_answer_must_be_able_to_end()
    {
        JsonNode json = JsonNode.Parse("""{"added_tokens": [{"id": 1, "content": "[e]", "special": true}], "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}""")!;
        Assert.Equal("eos_token", Assert.Throws<ModelFormatException>(() => Read(json, 1, """{"eos_token": "[e]"}""")).Field);
        Assert.Equal("eos_token_id", Assert.Throws<ModelFormatException>(() => Read(json, 1, config: """{"eos_token_id": 1}""")).Field);
    }

    [Fact]
    public void The_notice_is_short_and_harmless_whatever_they_are()
    {
        Tokenizer tokenizer = Read(Rows, [.. Enumerable.Range(0, 1000).Select(i => $"\u001b[31m\u202e\n{i}{new string('x', 4000)}")]);
        Assert.InRange(tokenizer.Notice!.Length, 100, 1000);
        Assert.DoesNotContain(tokenizer.Notice, c => char.IsControl(c) || c == '\u202e');
        Assert.Contains("and 992 more", tokenizer.Notice);
    }

    [Fact]
    public void A_gguf_file_is_read_alike()
    {
        Tokenizer tokenizer = Gguf(261, (TokenType.Control, "<fill>"), (TokenType.UserDefined, "[new]"), (TokenType.Unused, "[PAD263]"));
        Tokenizer without = TestTokenizers.FromGguf(TestTokenizers.SentencePiece("▁", "a"));
        Assert.Equal(261, tokenizer.VocabularySize);
        Assert.Equal((1, 2, null), (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId));
        Assert.Equal(without.Encode("a <fill> [new]", true, true), tokenizer.Encode("a <fill> [new]", true, true));
        Assert.Contains("'<fill>' (261), '[new]' (262), '[PAD263]' (263)", tokenizer.Notice);
        Assert.Null(Gguf(264, (TokenType.Control, "<fill>"), (TokenType.UserDefined, "[new]"), (TokenType.Unused, "[PAD263]")).Notice);
    }

    [Theory]
    [InlineData("padding_token_id", null, null)]
    [InlineData("eot_token_id", null, null)]
    [InlineData("eos_token_id", null, null)]
    [InlineData("bos_token_id", null, "tokenizer.ggml.add_bos_token")]
    [InlineData("eos_token_id", "{{ eos_token }}", "chat template")]
    [InlineData("unknown_token_id", null, null)]
    public void In_a_gguf_file_what_is_needed_is_refused(string key, string? template, string? field)
    {
        GgufMetadata metadata = GgufWith((TokenType.Control, "[a]"));
        metadata["tokenizer.ggml." + key] = 261;
        if (template is not null) metadata["tokenizer.chat_template"] = template;
        if (field is not null)
        {
            Assert.Equal(field, Assert.Throws<ModelFormatException>(() => TokenizerFactory.FromGguf(metadata, "test.gguf", 261)).Field);
            TokenizerFactory.FromGguf(metadata, "test.gguf", 262);
            return;
        }

        Tokenizer tokenizer = TokenizerFactory.FromGguf(metadata, "test.gguf", 261);
        Assert.Contains("also as", tokenizer.Notice);
        Assert.Equal([2], tokenizer.EndOfGenerationIds);
    }

    [Fact]
    public void In_a_gguf_file_ordinary_tokens_have_rows_or_it_is_refused()
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Gguf(261, (TokenType.Normal, "bc")));
        Assert.Equal(("test.gguf", "vocabulary"), (error.File, error.Field));
        Assert.Contains("'bc' as token 261", error.Reason);
    }

    private static Tokenizer Gguf(int rows, params (TokenType Type, string Text)[] added)
    {
        GgufMetadata metadata = GgufWith(added);
        metadata["tokenizer.ggml.padding_token_id"] = 261;
        return TokenizerFactory.FromGguf(metadata, "test.gguf", rows);
    }

    private static GgufMetadata GgufWith(params (TokenType Type, string Text)[] added)
    {
        GgufMetadata metadata = TestTokenizers.SentencePiece(["▁", "a", .. added.Select(token => token.Text)]);
        int[] types = metadata.GetInt32s("tokenizer.ggml.token_type");
        for (int i = 0; i < added.Length; i++) types[261 + i] = (int)added[i].Type;
        metadata["tokenizer.ggml.token_type"] = types;
        return metadata;
    }

    private static JsonObject With(params string[] added)
    {
        JsonObject json = TestTokenizers.FixtureJson();
        for (int i = 0; i < added.Length; i++) json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = Rows + i, ["content"] = added[i], ["special"] = true, ["normalized"] = i % 2 == 1 });
        return json;
    }

    private static Tokenizer Read(int? rows, string[] added, string? tokenizerConfig = null, string? config = null, string? generation = null, string? template = null) =>
        Read(With(added), rows, tokenizerConfig, config, generation, template);

    private static Tokenizer Read(JsonNode json, int? rows, string? tokenizerConfig = null, string? config = null, string? generation = null, string? template = null)
    {
        using var folder = new TempFolder();
        return TokenizerFactory.FromTokenizerJson(folder.Write("tokenizer.json", json.ToJsonString()), Parsed(tokenizerConfig), Parsed(config), Parsed(generation), rows, template);
    }

    private static JsonElement? Parsed(string? json) => json is null ? null : JsonElement.Parse(json);
}
