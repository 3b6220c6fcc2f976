using AutoGlm.Formats.HuggingFace;
using AutoGlm.Formats.Safetensors;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.Tests.HuggingFace;

public class HuggingFaceFolderTests
{
    private const string Index = "model.safetensors.index.json", TokenizerConfig = "tokenizer_config.json";

    [Fact]
    public void OneFileOpens()
    {
        using TempFolder folder = Minimal();
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Path);
        Assert.Equal("llama", model.Config.GetProperty("model_type").GetString());
        Assert.Equal([1f, 2f], model.Tensors["a"].Decode());
        Assert.Equal(SafetensorsDtype.I64, model.Entries["ids"].Dtype);
        Assert.DoesNotContain("ids", model.Tensors.Keys);
        Assert.Null(model.GenerationConfig);
        Assert.Null(model.TokenizerPath);
        Assert.Null(model.TokenizerConfig);
        Assert.Null(model.SpecialTokensMap);
        Assert.Null(model.ChatTemplate);
    }

    [Fact]
    public void ShardsMerge()
    {
        using TempFolder folder = Sharded();
        using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Path);
        Assert.Equal(["b", "a"], model.Tensors.Keys);
        Assert.Equal([1f], model.Tensors["a"].Decode());
        Assert.Equal([2f], model.Tensors["b"].Decode());
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../outside.safetensors"}}""", Index, "plain name")]
    [InlineData("""{"weight_map":{"a":"/etc/x.safetensors"}}""", Index, "plain name")]
    [InlineData("""{"weight_map":{"a":"sub\\x.safetensors"}}""", Index, "plain name")]
    [InlineData("""{"weight_map":{"a":"config.json"}}""", Index, "plain name")]
    [InlineData("""{"weight_map":{"a":7}}""", Index, "must be a string")]
    [InlineData("""{"weight_map":{"a":"x\ud800.safetensors"}}""", Index, "Unicode")]
    [InlineData("""{"weight_map":{"\ud800":"s1.safetensors"}}""", Index, "Unicode")]
    [InlineData("""{"weight_map":[]}""", Index, "must be an object")]
    [InlineData("""{}""", Index, "must be an object")]
    [InlineData("""{"weight_map":{"a":"s1.safetensors","a":"s1.safetensors"}}""", Index, "uplicate")]
    [InlineData("""{"weight_map":{"b":"s1.safetensors"}}""", "s1.safetensors", "is missing")]
    [InlineData("""{"weight_map":{"a":"s9.safetensors"}}""", "s9.safetensors", "does not exist")]
    public void BadIndexIsRefused(string index, string file, string reason)
    {
        using TempFolder folder = Sharded();
        folder.Write(Index, index);
        AssertRefused(folder, file, reason);
    }

    [Theory]
    [InlineData("config.json", "")]
    [InlineData("config.json", "[]")]
    [InlineData("config.json", """{"a":1,"a":2}""")]
    [InlineData("config.json", """{"a":""")]
    [InlineData("generation_config.json", "3")]
    [InlineData(TokenizerConfig, "nonsense")]
    [InlineData(TokenizerConfig, """{"chat_template":7}""")]
    [InlineData(TokenizerConfig, """{"chat_template":[{"name":"default"}]}""")]
    [InlineData(TokenizerConfig, """{"chat_template":[{"name":"x","template":"1"},{"name":"x","template":"2"}]}""")]
    [InlineData("special_tokens_map.json", "[")]
    [InlineData("model.safetensors", "short")]
    public void BadFilesAreNamed(string name, string text)
    {
        using TempFolder folder = Minimal();
        folder.Write(name, text);
        AssertRefused(folder, name, "");
    }

    [Fact]
    public void DeepJsonIsRefused()
    {
        using TempFolder folder = Minimal();
        folder.Write("config.json", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)));
        AssertRefused(folder, "config.json", "depth");
    }

    [Fact]
    public void TemplateThatIsNotUtf8IsRefused()
    {
        using TempFolder folder = Minimal();
        folder.Write("chat_template.jinja", [0x61, 0xFF]);
        AssertRefused(folder, "chat_template.jinja", "UTF-8");
    }

    [Fact]
    public void MissingThingsHaveARemedy()
    {
        using var folder = new TempFolder();
        Assert.Contains("does not exist", Assert.Throws<ModelFormatException>(() => HuggingFaceFolder.Open(folder["none"])).Reason);
        Assert.Contains("is a file", Assert.Throws<ModelFormatException>(() => HuggingFaceFolder.Open(folder.Write("x", "x"))).Reason);
        AssertRefused(folder, "config.json", "does not exist");
        folder.Write("config.json", "{}");
        AssertRefused(folder, "", "neither model.safetensors nor");
        folder.Write("pytorch_model.bin", "x");
        AssertRefused(folder, "", "convert them to safetensors");
        folder.Write("model-Q4_0.gguf", "x");
        AssertRefused(folder, "", "name the file model-Q4_0.gguf");
    }

    [Fact]
    public void ChatTemplatesComeFromWhereTheyMay()
    {
        using TempFolder folder = Minimal();
        folder.Write(TokenizerConfig, """{"chat_template":"plain"}""");
        Check("plain", "default");
        folder.Write(TokenizerConfig, """{"chat_template":null}""");
        Check(null);
        folder.Write(TokenizerConfig, """{"chat_template":[{"name":"tool_use","template":"tools"},{"name":"default","template":"listed"}]}""");
        Check("listed", "tool_use", "default");
        folder.Write(TokenizerConfig, """{"chat_template":[{"name":"only","template":"one"}]}""");
        Check("one", "only");
        folder.Write(TokenizerConfig, """{"chat_template":[{"name":"x","template":"1"},{"name":"y","template":"2"}]}""");
        Check(null, "x", "y");
        folder.Write("chat_template.json", """{"chat_template":"in JSON"}""");
        Check("in JSON", "default");
        folder.Write("chat_template.jinja", "in its own file");
        folder.Write("additional_chat_templates/rag.jinja", "more");
        Check("in its own file", "default", "rag");

        void Check(string? template, params string[] names)
        {
            using HuggingFaceFolder model = HuggingFaceFolder.Open(folder.Path);
            Assert.Equal(template, model.ChatTemplate);
            Assert.Equal(names, model.ChatTemplates.Keys);
        }
    }

    [Fact]
    public void GoldensOpen()
    {
        string[] paths = [.. Directory.EnumerateDirectories(TestData.Shared("goldens"))];
        Assert.NotEmpty(paths);
        foreach (string path in paths)
        {
            using HuggingFaceFolder model = HuggingFaceFolder.Open(path);
            Assert.Contains("model.embed_tokens.weight", model.Tensors.Keys.Select(name => name.Replace("transformer.embedding.word_embeddings", "model.embed_tokens")));
            Assert.NotNull(model.TokenizerPath);
            foreach (Tensor tensor in model.Tensors.Values) Assert.All(tensor.Decode(), value => Assert.True(float.IsFinite(value)));
        }
    }

    private static void AssertRefused(TempFolder folder, string file, string reason)
    {
        var error = Assert.Throws<ModelFormatException>(() => HuggingFaceFolder.Open(folder.Path));
        Assert.Equal(file == "" ? folder.Path : folder[file], error.File);
        Assert.Contains(reason, error.Reason);
    }

    private static TempFolder Minimal()
    {
        var folder = new TempFolder();
        folder.Write("config.json", """{"model_type":"llama"}""");
        var writer = new SafetensorsWriter();
        writer.Add("a", SafetensorsDtype.F32, [2], [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f)]);
        writer.Add("ids", SafetensorsDtype.I64, [1], new byte[8]);
        writer.Write(folder["model.safetensors"]);
        return folder;
    }

    private static TempFolder Sharded()
    {
        var folder = new TempFolder();
        folder.Write("config.json", "{}");
        foreach ((string file, string tensor, float value) in new[] { ("s1", "a", 1f), ("s2", "b", 2f) })
        {
            var writer = new SafetensorsWriter();
            writer.Add(tensor, SafetensorsDtype.F32, [1], BitConverter.GetBytes(value));
            writer.Write(folder[file + ".safetensors"]);
        }

        folder.Write(Index, """{"metadata":{"total_size":8},"weight_map":{"b":"s2.safetensors","a":"s1.safetensors"}}""");
        return folder;
    }
}
