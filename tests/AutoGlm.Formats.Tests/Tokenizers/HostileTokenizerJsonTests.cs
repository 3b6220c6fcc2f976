using System.Text;
using System.Text.Json.Nodes;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Formats.Tests.Tokenizers;

/// <summary>Damaged and malicious tokenizer.json files: one error that names the place, or a tokenizer; never anything else.</summary>
public class HostileTokenizerJsonTests
{
    public static TheoryData<string, string, string> Faults => new()
    {
        { "model", "null", "model" },
        { "model", "[]", "model" },
        { "model", """{"type":"BPE"}""", "model.vocab" },
        { "model", """{"type":7,"vocab":{}}""", "model.type" },
        { "model", """{"type":"WordLevel","vocab":{"a":20}}""", "model.type" },
        { "model", """{"type":"BPE","vocab":{"a":20}}""", "model.merges" },
        { "model", """{"type":"BPE","vocab":{"a":20,"b":20},"merges":[]}""", "vocabulary" },
        { "model", """{"type":"BPE","vocab":{"a":-20},"merges":[]}""", "vocabulary" },
        { "model", """{"type":"BPE","vocab":{"a":1.5},"merges":[]}""", "model.vocab" },
        { "model", """{"type":"BPE","vocab":{"a":"1"},"merges":[]}""", "model.vocab" },
        { "model", """{"type":"BPE","vocab":{"a":1000000000},"merges":[]}""", "vocabulary" },
        { "model", """{"type":"BPE","vocab":{"a":1e30},"merges":[]}""", "model.vocab" },
        { "model", """{"type":"BPE","vocab":{"other":0},"merges":[]}""", "added_tokens" },
        { "model", """{"type":"BPE","vocab":{"a":20,"b":21},"merges":["a b"]}""", "model.merges" },
        { "model", """{"type":"BPE","vocab":{"a":20,"b":21},"merges":["ab"]}""", "model.merges" },
        { "model", """{"type":"BPE","vocab":{"a":20,"b":21},"merges":[["a"]]}""", "model.merges" },
        { "model", """{"type":"BPE","vocab":{"a":20,"b":21},"merges":[["a",7]]}""", "model.merges" },
        { "model", """{"type":"BPE","vocab":{"a":20},"merges":{}}""", "model.merges" },
        { "model", """{"type":"BPE","vocab":{"\ud800":20},"merges":[]}""", "model.vocab" },
        { "model", """{"type":"BPE","vocab":{"a":20},"merges":[],"end_of_word_suffix":"</w>"}""", "model.end_of_word_suffix" },
        { "model", """{"type":"Unigram","vocab":[["a"]]}""", "model.vocab" },
        { "model", """{"type":"Unigram","vocab":[["<pad>","x"]]}""", "model.vocab" },
        { "model", """{"type":"Unigram","unk_id":99,"vocab":[["<pad>",0]]}""", "model.unk_id" },
        { "model", """{"type":"WordPiece","unk_token":"[UNK]","vocab":{"a":20}}""", "model.unk_token" },
        { "added_tokens", "{}", "added_tokens" },
        { "added_tokens", """[{"id":0}]""", "added_tokens[0].content" },
        { "added_tokens", """[{"content":"a"}]""", "added_tokens[0].id" },
        { "added_tokens", """[{"id":0,"content":"<pad>","special":"yes"}]""", "added_tokens[0].special" },
        { "added_tokens", """[{"id":900,"content":"a"},{"id":900,"content":"b"}]""", "added_tokens" },
        { "added_tokens", """[{"id":2147483647,"content":"a"}]""", "vocabulary" },
        { "normalizer", """{"type":"Nmt"}""", "normalizer.type" },
        { "normalizer", """{"type":"Sequence","normalizers":[{"type":"Replace","pattern":{"Regex":"(?<=a)"},"content":""}]}""", "normalizer.normalizers[0].pattern.Regex" },
        { "normalizer", """{"type":"Precompiled","precompiled_charsmap":"!"}""", "normalizer.precompiled_charsmap" },
        { "normalizer", """{"type":"Precompiled","precompiled_charsmap":"/////w=="}""", "normalizer.precompiled_charsmap" },
        { "pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"}""", "pre_tokenizer.pattern.Regex" },
        { "pre_tokenizer", """{"type":"Split","pattern":{},"behavior":"Isolated"}""", "pre_tokenizer.pattern.Regex" },
        { "pre_tokenizer", """{"type":"Split","pattern":{"String":""},"behavior":"Isolated"}""", "pre_tokenizer.pattern.String" },
        { "pre_tokenizer", """{"type":"Split","pattern":{"String":"a"},"behavior":"Sideways"}""", "pre_tokenizer.behavior" },
        { "pre_tokenizer", """{"type":"UnicodeScripts"}""", "pre_tokenizer.type" },
        { "pre_tokenizer", """{"type":"Metaspace","replacement":""}""", "pre_tokenizer.replacement" },
        { "decoder", """{"type":"CTC"}""", "decoder.type" },
        { "post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],"special_tokens":{}}""", "post_processor.special_tokens.x" },
        { "post_processor", """{"type":"RobertaProcessing","cls":["<s>",5000],"sep":["</s>",2]}""", "post_processor" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_is_named(string member, string value, string field)
    {
        JsonObject json = TestTokenizers.FixtureJson();
        json[member] = null;
        string text = json.ToJsonString().Replace($"\"{member}\":null", $"\"{member}\":{value}", StringComparison.Ordinal);
        var error = Assert.Throws<ModelFormatException>(() => TestTokenizers.Read(text));
        Assert.StartsWith(field, error.Field);
        Assert.EndsWith("tokenizer.json", error.File);
    }

    [Fact]
    public void A_huge_id_allocates_nothing_huge()
    {
        const string json = """{"model":{"type":"BPE","vocab":{"a":2000000000},"merges":[]}}""";
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => TestTokenizers.Read(json));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void A_vocabulary_without_tokens_is_refused() =>
        Assert.Equal("vocabulary", Assert.Throws<ModelFormatException>(() => TestTokenizers.Read("""{"model":{"type":"BPE","vocab":{},"merges":[]}}""")).Field);

    [Theory]
    [InlineData("")]
    [InlineData("nul")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{\"model\":")]
    public void What_is_no_JSON_object_is_refused(string text) => Assert.Throws<ModelFormatException>(() => TestTokenizers.Read(text));

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Throws<ModelFormatException>(() => TestTokenizers.Read("{\"normalizer\":" + new string('[', 200_000) + new string(']', 200_000) + "}"));

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Throws<ModelFormatException>(() => TokenizerFactory.FromTokenizerJson(Path.Combine(Path.GetTempPath(), "no", "tokenizer.json")));

    [Fact]
    public void Damage_is_survived()
    {
        byte[] whole = Encoding.UTF8.GetBytes(TestTokenizers.FixtureJson().ToJsonString());
        Hostile.DamageIsSurvived(whole, whole.Length, path =>
        {
            Tokenizer tokenizer = TokenizerFactory.FromTokenizerJson(path);
            tokenizer.Decode(tokenizer.Encode("The quick brown 狐 <s> 12", true, true), true);
            return new MemoryStream();
        }, 400);
    }
}
