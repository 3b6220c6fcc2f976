using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutoGlm.Formats.Tokenizers;
using CsCheck;

namespace AutoGlm.Formats.Tests.Tokenizers;

public class TokenizerJsonTests
{
    private static readonly Gen<string> _anyText = Gen.OneOf(
        Gen.String, Gen.Char.Array[0, 60].Select(chars => new string(chars)), Gen.Int[0, 10].Array[0, 30].Select(Fragments));

    private static readonly JsonElement _reference = JsonDocument.Parse(
        File.ReadAllText(TestData.InRepository("tests", "AutoGlm.Formats.Tests", "Fixtures", "tokenizers", "reference-ids.json"))).RootElement;

    public static TheoryData<string> Variants => [.. _reference.GetProperty("variants").EnumerateArray().Select(variant => variant.GetProperty("name").GetString()!)];

    private static string Fragments(int[] chosen)
    {
        string[] fragments = [" ", "  the", "\n", "é", "中", "😀", "'s", "<s>", "\uD83D", "\uDE00x", "12"];
        return string.Concat(chosen.Select(i => fragments[i]));
    }

    /// <summary>The ids are those of Hugging Face's tokenizers 0.22.2 for the same file with the same changes.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void Encodes_as_the_reference(string name)
    {
        JsonElement variant = _reference.GetProperty("variants").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);
        JsonObject json = TestTokenizers.FixtureJson();
        foreach (JsonProperty change in variant.GetProperty("changes").EnumerateObject()) json[change.Name] = JsonNode.Parse(change.Value.GetRawText());
        Tokenizer tokenizer = TestTokenizers.Read(json);
        foreach ((JsonElement text, JsonElement ids) in _reference.GetProperty("texts").EnumerateArray().Zip(variant.GetProperty("ids").EnumerateArray()))
        {
            Assert.Equal(ids.Deserialize<int[]>(), tokenizer.Encode(text.GetString(), addSpecial: false, parseSpecial: true));
        }
    }

    [Fact]
    public void Any_text_comes_back() => _anyText.Sample(text =>
    {
        string sound = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        foreach (bool parse in new[] { false, true })
        {
            Assert.Equal(sound, TestTokenizers.Fixture.Decode(TestTokenizers.Fixture.Encode(text, false, parse), skipSpecial: false));
        }
    }, iter: 2000);

    [Fact]
    public void Streaming_gives_the_same_text_and_never_half_a_character() => Gen.Int[0, 319].Array[0, 60].Sample(ids =>
    {
        foreach (bool skip in new[] { false, true })
        {
            var decoder = new StreamingDecoder(TestTokenizers.Fixture, skip);
            string[] parts = [.. ids.Select(decoder.Append), decoder.Flush()];
            Assert.DoesNotContain(parts, part => part.Length > 0 && (char.IsLowSurrogate(part[0]) || char.IsHighSurrogate(part[^1])));
            byte[] bytes = [.. ids.Where(id => !(skip && TestTokenizers.Fixture.IsSpecial(id))).SelectMany(id => TestTokenizers.Fixture.TokenBytes(id).ToArray())];
            Assert.Equal(Encoding.UTF8.GetString(bytes), string.Concat(parts));
            Assert.Equal("", decoder.Flush());
        }
    }, iter: 1000);

    [Fact]
    public void A_character_of_four_bytes_comes_out_once_it_is_whole()
    {
        Tokenizer tokenizer = TestTokenizers.Fixture;
        int[] ids = tokenizer.Encode("😀", false, false);
        Assert.Equal(4, ids.Length);
        var decoder = new StreamingDecoder(tokenizer);
        Assert.Equal(["", "", "", "😀"], ids.Select(decoder.Append));
        Assert.Equal("", decoder.Append(ids[0]));
        Assert.Equal("\uFFFDa", decoder.Append(tokenizer.FindToken("a")!.Value));
        decoder.Append(ids[0]);
        Assert.Equal("\uFFFD", decoder.Flush());
    }

    [Fact]
    public void The_leading_space_goes_only_at_the_start()
    {
        Tokenizer tokenizer = TestTokenizers.FromGguf(TestTokenizers.SentencePiece("▁", "a", "▁a"));
        int[] ids = tokenizer.Encode("a a", false, false);
        Assert.Equal("a a", tokenizer.Decode(ids, true));
        var middle = new StreamingDecoder(tokenizer, skipSpecial: true, atStart: false);
        Assert.Equal([" a", " a"], ids.Select(middle.Append));
        var start = new StreamingDecoder(tokenizer);
        Assert.Equal(["", "a", " a"], new[] { 1 }.Concat(ids).Select(start.Append));
    }

    [Fact]
    public void Special_tokens_are_text_unless_asked_for()
    {
        Tokenizer tokenizer = TestTokenizers.Fixture;
        int user = tokenizer.FindToken("<|user|>")!.Value;
        Assert.Equal([user, tokenizer.FindToken("a")!.Value, user], tokenizer.Encode("<|user|>a<|user|>", false, parseSpecial: true));
        Assert.DoesNotContain(user, tokenizer.Encode("<|user|>a", false, parseSpecial: false));
        Assert.True(tokenizer.IsSpecial(user));
        Assert.Equal("a", tokenizer.Decode([user, tokenizer.FindToken("a")!.Value], skipSpecial: true));
        Assert.Equal("<|user|>", tokenizer.TokenText(user));
    }

    [Fact]
    public void Added_tokens_may_take_white_space_along_and_want_whole_words()
    {
        JsonObject json = TestTokenizers.FixtureJson();
        AddToken(json, 400, "LL", "lstrip");
        AddToken(json, 401, "RR", "rstrip");
        AddToken(json, 402, "WW", "single_word");
        AddToken(json, 403, "LLL", "special");
        Tokenizer tokenizer = TestTokenizers.Read(json);
        int a = tokenizer.FindToken("a")!.Value;
        Assert.Equal([a, 400, a], tokenizer.Encode("a \n LLa", false, false));
        Assert.Equal([a, 401, a], tokenizer.Encode("aRR \u2003a", false, false));
        Assert.Equal([402], tokenizer.Encode("WW", false, false));
        Assert.DoesNotContain(402, tokenizer.Encode("aWW WWa _WW", false, false));
        Assert.Equal([403], tokenizer.Encode("LLL", false, parseSpecial: true));
        Assert.Equal(400, tokenizer.Encode("LLL", false, parseSpecial: false)[0]);
    }

    [Fact]
    public void The_post_processor_says_what_begins_and_ends_a_text()
    {
        JsonObject json = TestTokenizers.FixtureJson();
        json["post_processor"] = JsonNode.Parse("""
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
             "single":[{"SpecialToken":{"id":"[gMASK]"}},{"SpecialToken":{"id":"<sop>"}},{"Sequence":{"id":"A"}},{"SpecialToken":{"id":"</s>"}}],
             "special_tokens":{"[gMASK]":{"ids":[6]},"<sop>":{"ids":[7]},"</s>":{"ids":[2]}}}]}
            """);
        Tokenizer tokenizer = TestTokenizers.Read(json);
        Assert.Equal([6, 7, tokenizer.FindToken("a")!.Value, 2], tokenizer.Encode("a", addSpecial: true, parseSpecial: false));
        Assert.Equal([6, 7, 2], tokenizer.Encode("", addSpecial: true, parseSpecial: false));
        Assert.Empty(tokenizer.Encode("", addSpecial: false, parseSpecial: false));
    }

    [Fact]
    public void The_files_beside_it_name_the_special_tokens()
    {
        using var folder = new TempFolder();
        string path = folder.Write("tokenizer.json", File.ReadAllBytes(TestTokenizers.FixturePath));
        Tokenizer tokenizer = TokenizerFactory.FromTokenizerJson(
            path,
            Json("""{"bos_token":{"content":"<s>"},"pad_token":"<pad>","add_bos_token":true,"add_eos_token":false}"""),
            Json("""{"eos_token_id":2,"bos_token_id":5}"""),
            Json("""{"eos_token_id":[2,4,-1]}"""));
        Assert.Equal((1, 2, 0), (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId));
        Assert.Null(tokenizer.UnknownId);
        Assert.True(tokenizer.AddBos);
        Assert.False(tokenizer.AddEos);
        Assert.Equal([1], tokenizer.Encode("", addSpecial: true, parseSpecial: false));
        Assert.Superset(new HashSet<int> { 2, 3, 4, 5 }, new HashSet<int>(tokenizer.EndOfGenerationIds));

    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    [Theory]
    [InlineData("""{"eos_token_id": 320}""", "{}", "config.json", "eos_token_id")]
    [InlineData("""{"bos_token_id": -2}""", "{}", "config.json", "bos_token_id")]
    [InlineData("""{"text_config": {"eos_token_id": [2, 320]}}""", "{}", "config.json", "text_config.eos_token_id[1]")]
    [InlineData("{}", """{"eos_token_id": [2, 4, 99999]}""", "generation_config.json", "eos_token_id[2]")]
    [InlineData("{}", """{"bos_token_id": 320}""", "generation_config.json", "bos_token_id")]
    public void Special_ids_beyond_the_vocabulary_are_refused(string config, string generation, string file, string field)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(
            () => TokenizerFactory.FromTokenizerJson(TestTokenizers.FixturePath, config: Json(config), generationConfig: Json(generation)));
        Assert.Equal((file, field), (Path.GetFileName(error.File), error.Field));
        Assert.Contains("0 to 319", error.Reason);
    }

    [Fact]
    public void A_padding_id_beyond_the_vocabulary_is_none()
    {
        Tokenizer tokenizer = TokenizerFactory.FromTokenizerJson(TestTokenizers.FixturePath, config: Json("""{"pad_token_id": 320, "eos_token_id": -1}"""));
        Assert.Null(tokenizer.PadId);
        Assert.Null(tokenizer.EosId);
    }

    [Fact]
    public void Threads_share_one_tokenizer()
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => string.Concat(Enumerable.Repeat($"the {i} of in 中😀 ", i % 17)))];
        int[][] expected = [.. texts.Select(text => TestTokenizers.Read(TestTokenizers.FixtureJson()).Encode(text, true, true))];
        Tokenizer shared = TestTokenizers.Read(TestTokenizers.FixtureJson());
        Parallel.For(0, 4000, i => Assert.Equal(expected[i % texts.Length], shared.Encode(texts[i % texts.Length], true, true)));
    }

    [Fact]
    public void Ids_beyond_the_vocabulary_are_the_callers_error()
    {
        Tokenizer tokenizer = TestTokenizers.Fixture;
        Assert.Equal(320, tokenizer.VocabularySize);
        foreach (int id in new[] { -1, 320, int.MaxValue, int.MinValue })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.TokenText(id));
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([id], true));
            Assert.False(tokenizer.IsSpecial(id));
        }

        Assert.Null(tokenizer.FindToken("no such token"));
        Assert.All(Enumerable.Range(0, 320), id => Assert.Equal(id, tokenizer.FindToken(tokenizer.TokenText(id))));
    }

    internal static void AddToken(JsonObject json, int id, string text, string flag) =>
        json["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = id, ["content"] = text, [flag] = true, ["normalized"] = false });
}
