using System.Text.Json.Nodes;
using AutoGlm.Formats;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Models.Tests;

public class ModelPackageTests
{
    private static RopeTable RopeOf(ModelPackage package) => package.Graph.Nodes.OfType<Rope>().First().Table;

    [Theory]
    [InlineData("""{"rope_type": "linear", "factor": 4.0}""")]
    [InlineData("""{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}""")]
    [InlineData("""{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}""")]
    [InlineData("""{"rope_type": "longrope", "short_factor": [1.0, 1.5], "long_factor": [2.0, 3.0], "original_max_position_embeddings": 32}""")]
    public void Both_spellings_of_rope_mean_the_same(string scaling)
    {
        using TinyFolder older = new(), newer = new();
        older.Config["rope_scaling"] = JsonNode.Parse(scaling);
        JsonObject parameters = JsonNode.Parse(scaling)!.AsObject();
        parameters["rope_theta"] = 10000.0;
        newer.Config.Remove("rope_theta");
        newer.Config["rope_parameters"] = parameters;
        using ModelPackage old = older.Open(), now = newer.Open();

        Assert.Equal(RopeOf(old).InverseFrequencies, RopeOf(now).InverseFrequencies);
        Assert.Equal(RopeOf(old).Magnitude, RopeOf(now).Magnitude);
        Assert.NotEqual([1f, 0.01f], RopeOf(old).InverseFrequencies);
    }

    [Fact]
    public void Longrope_takes_its_long_factors_only_for_long_contexts()
    {
        using TinyFolder folder = new();
        folder.Config["rope_scaling"] = JsonNode.Parse("""{"type": "longrope", "short_factor": [1.0, 1.5], "long_factor": [2.0, 3.0]}""");
        folder.Config["original_max_position_embeddings"] = 32;
        using (ModelPackage brief = folder.Open(32)) Assert.Equal([1f, (float)(0.01 / 1.5)], RopeOf(brief).InverseFrequencies);
        using ModelPackage whole = folder.Open();
        Assert.Equal([0.5f, (float)(0.01 / 3)], RopeOf(whole).InverseFrequencies);
        Assert.Equal(MathF.Sqrt(1 + MathF.Log(2) / MathF.Log(32)), RopeOf(whole).Magnitude, 6);
    }

    [Theory]
    [InlineData(23)]
    [InlineData(25)]
    public void A_stated_vocabulary_is_that_of_the_embedding(int stated)
    {
        using TinyFolder folder = new();
        folder.Config["vocab_size"] = stated;
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => folder.Open().Dispose());
        Assert.Equal("vocab_size", error.Field);
        Assert.Contains("24 rows", error.Reason);
    }

    /// <summary>Rows beyond the tokens are padding; what was added beyond the rows is left out.</summary>
    [Theory]
    [InlineData(22, false)]
    [InlineData(23, false)]
    [InlineData(24, true)]
    public void Tokens_that_were_added_without_rows_are_left_out(int ordinary, bool isNoted)
    {
        using TinyFolder folder = new();
        WriteTokenizer(folder, ordinary);
        using ModelPackage package = folder.Open();

        Assert.Empty(package.Notices);
        Assert.Equal(Math.Min(ordinary + 1, 24), package.Tokenizer.VocabularySize);
        if (isNoted) Assert.Contains("'<end>' (24)", Assert.Single(package.Notices));
        else Assert.Empty(package.Notices);
    }

    [Theory]
    [InlineData("model.embed_tokens.weight")]
    [InlineData("lm_head.weight")]
    public void The_smaller_of_embedding_and_head_counts(string smaller)
    {
        using TinyFolder folder = new();
        folder.Config.Remove("vocab_size");
        folder.Add(smaller, 22, 16);
        WriteTokenizer(folder, 22);
        using ModelPackage package = folder.Open();

        Assert.Equal(22, package.Tokenizer.VocabularySize);
        Assert.Contains("the model's 22 rows", Assert.Single(package.Notices));
    }

    /// <summary>They would be looked up where nothing is.</summary>
    [Fact]
    public void Ordinary_tokens_beyond_the_rows_are_refused()
    {
        using TinyFolder folder = new();
        string path = WriteTokenizer(folder, 25);
        using ModelPackage package = folder.Open();

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => package.Tokenizer);
        Assert.Equal((path, "vocabulary"), (error.File, error.Field));
        Assert.Contains("24 rows", error.Reason);
        Assert.Equal(path, Assert.Throws<ModelFormatException>(() => TokenizerSource.Open(folder.Path).Tokenizer).File);
    }

    /// <summary>So many ordinary tokens, and one that was added.</summary>
    private static string WriteTokenizer(TinyFolder folder, int ordinary)
    {
        string path = System.IO.Path.Combine(folder.Path, "tokenizer.json");
        string vocabulary = string.Join(',', Enumerable.Range(0, ordinary).Select(id => $"\"{(char)('a' + id)}\": {id}"));
        File.WriteAllText(path, $$"""
            {"added_tokens": [{"id": {{ordinary}}, "content": "<end>", "special": true}], "model": {"type": "BPE", "vocab": { {{vocabulary}} }, "merges": []} }
            """);
        return path;
    }

    [Fact]
    public void A_tied_head_is_the_embedding()
    {
        using TinyFolder folder = new();
        folder.Config["tie_word_embeddings"] = true;
        using ModelPackage package = folder.Open();

        Assert.DoesNotContain(package.Graph.Weights, weight => weight.Name == "output.weight");
        Assert.Equal(24, package.Vocabulary);
    }

    [Fact]
    public void Biases_are_used_where_the_file_has_them()
    {
        using TinyFolder folder = new();
        folder.Add("model.layers.0.self_attn.q_proj.bias", 16);
        folder.Add("model.layers.0.mlp.down_proj.bias", 16);
        using ModelPackage package = folder.Open();

        Assert.Equal(["blk.0.attn_q.bias", "blk.0.ffn_down.bias"], package.Graph.Weights.Select(weight => weight.Name).Where(name => name.EndsWith(".bias")).Order());
    }

    public static TheoryData<string, string> Faults() => new()
    {
        { "missing tensor", "blk.0.attn_v.weight: the model needs this tensor" },
        { "wrong shape", "blk.0.ffn_up.weight: has shape [32, 8], the model's settings ask for [32, 16]" },
        { "unknown family", "model_type: architecture 'mamba' is not supported; there are llama" },
        { "no family", "model_type: config.json does not say" },
        { "quantised", "quantization_config: weights quantised by 'gptq' are not supported" },
        { "no heads", "num_attention_heads: 0 is not between" },
        { "huge layers", "num_hidden_layers: 1000000 is not between" },
        { "uneven heads", "num_key_value_heads: 4 heads cannot share 3" },
        { "text for a number", "hidden_size: should be a whole number" },
        { "unknown rope", "rope_scaling.rope_type: rope scaling 'spiral' is not supported" },
        { "bad theta", "rope theta" },
        { "short factors", "rope factors: there should be 2 of them" },
        { "epsilon", "rms_norm_eps" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_is_named_with_file_and_field(string fault, string expected)
    {
        using TinyFolder folder = new();
        switch (fault)
        {
            case "missing tensor": folder.Tensors.Remove("model.layers.0.self_attn.v_proj.weight"); break;
            case "wrong shape": folder.Add("model.layers.0.mlp.up_proj.weight", 32, 8); break;
            case "unknown family": folder.Config["model_type"] = "mamba"; break;
            case "no family": folder.Config.Remove("model_type"); break;
            case "quantised": folder.Config["quantization_config"] = JsonNode.Parse("""{"quant_method": "gptq"}"""); break;
            case "no heads": folder.Config["num_attention_heads"] = 0; break;
            case "huge layers": folder.Config["num_hidden_layers"] = 1_000_000; break;
            case "uneven heads": folder.Config["num_key_value_heads"] = 3; break;
            case "text for a number": folder.Config["hidden_size"] = "sixteen"; break;
            case "unknown rope": folder.Config["rope_scaling"] = JsonNode.Parse("""{"rope_type": "spiral"}"""); break;
            case "bad theta": folder.Config["rope_theta"] = -1; break;
            case "short factors": folder.Config["rope_scaling"] = JsonNode.Parse("""{"type": "longrope", "short_factor": [1.0], "long_factor": [1.0]}"""); break;
            case "epsilon": folder.Config["rms_norm_eps"] = 1e300; break;
        }

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => folder.Open());

        Assert.Contains(expected, error.Message);
        Assert.StartsWith(folder.Path, error.Message);
    }

    [Fact]
    public void Packed_experts_are_unpacked_to_gate_and_up()
    {
        // Two outputs (one of gate, one of up), 32 inputs, one expert: values 0.5·code under scale 2^0.
        using TinyFolder folder = new();
        byte[] blocks = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7 % 256))];
        folder.ByteTensors["model.layers.0.mlp.experts.gate_up_proj_blocks"] = ([1, 2, 1, 16], blocks);
        folder.ByteTensors["model.layers.0.mlp.experts.gate_up_proj_scales"] = ([1, 2, 1], [127, 128]);
        using ModelPackage package = folder.Open();
        float[] codes = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];
        float[] Expected(int row, float scale) => [.. Enumerable.Range(0, 32).Select(i => scale * codes[blocks[row * 16 + i / 2] >> 4 * (i % 2) & 15])];

        Assert.Equal([1, 1, 32], package.Weights.Get("blk.0.ffn_gate_exps.weight").Shape);
        Assert.Equal(Expected(0, 1), package.Weights.Get("blk.0.ffn_gate_exps.weight").Decode());
        Assert.Equal(Expected(1, 2), package.Weights.Get("blk.0.ffn_up_exps.weight").Decode());
    }

    [Fact]
    public void What_is_no_model_is_refused()
    {
        string folder = Directory.CreateTempSubdirectory().FullName, file = Path.Combine(folder, "x.gguf");
        File.WriteAllText(file, "not a model");

        Assert.Contains("there is no such file", Assert.Throws<ModelFormatException>(() => ModelPackage.Open(Path.Combine(folder, "none"))).Message);
        Assert.Throws<ModelFormatException>(() => ModelPackage.Open(file));
        Assert.Throws<ModelFormatException>(() => ModelPackage.Open(folder));
        Directory.Delete(folder, recursive: true);
    }
}
