using System.Text.Json;
using AutoGlm.Engine.Sampling;
using AutoGlm.Formats;
using AutoGlm.Formats.Gguf;

namespace AutoGlm.Engine.Tests.Sampling;

public class SamplingOptionsTests
{
    public static TheoryData<SamplingOptions, string> Wrong => new()
    {
        { new() { Temperature = -0.1f }, "Temperature is -0.1; it should be between 0 and 100." },
        { new() { Temperature = float.NaN }, "Temperature is NaN; it should be between 0 and 100." },
        { new() { Temperature = float.PositiveInfinity }, "Temperature is Infinity; it should be between 0 and 100." },
        { new() { TopK = -1 }, "TopK is -1; it should be at least 0." },
        { new() { TopP = 1.5f }, "TopP is 1.5; it should be between 0 and 1." },
        { new() { MinP = -0.5f }, "MinP is -0.5; it should be between 0 and 1." },
        { new() { TypicalP = float.NaN }, "TypicalP is NaN; it should be between 0 and 1." },
        { new() { RepetitionPenalty = 0 }, "RepetitionPenalty is 0; it should be over 0, to 100." },
        { new() { FrequencyPenalty = 101 }, "FrequencyPenalty is 101; it should be between -100 and 100." },
        { new() { PresencePenalty = float.NegativeInfinity }, "PresencePenalty is -Infinity; it should be between -100 and 100." },
        { new() { PenaltyWindow = -2 }, "PenaltyWindow is -2; it should be at least -1." },
        { new() { LogitBias = new Dictionary<int, float> { [1] = float.NaN } }, "LogitBias is NaN; it should be a finite number for each token." },
        { new() { LogitBias = new Dictionary<int, float> { [-1] = 1 } }, "LogitBias is -1; it should be token ids of 0 and up." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_field_outside_its_range_is_named(SamplingOptions options, string message)
    {
        var error = Assert.Throws<ArgumentException>(options.Validate);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Sampler(options, 10));
    }

    [Fact]
    public void A_bias_outside_the_vocabulary_is_refused() =>
        Assert.Throws<ArgumentException>(() => new Sampler(new() { LogitBias = new Dictionary<int, float> { [10] = 1 } }, 10));

    [Fact]
    public void Reads_what_a_gguf_file_recommends()
    {
        var metadata = new GgufMetadata("m.gguf")
        {
            ["general.sampling.temp"] = 0.7f,
            ["general.sampling.top_k"] = 20,
            ["general.sampling.top_p"] = 0.9f,
            ["general.sampling.min_p"] = 0.1f,
            ["general.sampling.penalty_repeat"] = 1.1f,
            ["general.sampling.penalty_last_n"] = -1,
        };
        var expected = new SamplingOptions { Temperature = 0.7f, TopK = 20, TopP = 0.9f, MinP = 0.1f, RepetitionPenalty = 1.1f, PenaltyWindow = -1 };
        Assert.Equal(expected, SamplingOptions.FromGguf(metadata));
        Assert.Equal(new SamplingOptions(), SamplingOptions.FromGguf(new GgufMetadata()));
    }

    [Fact]
    public void The_embedded_model_recommends_its_own()
    {
        using GgufFile file = GgufFile.Open(TestData.InRepository("models", "autoglm-mini.gguf"));
        Assert.Equal(
            new SamplingOptions { Temperature = 0.7f, MinP = 0.1f, RepetitionPenalty = 1.1f, PenaltyWindow = 64 },
            SamplingOptions.FromGguf(file.Metadata));
    }

    [Fact]
    public void A_gguf_recommendation_out_of_range_is_an_error_of_the_file()
    {
        var metadata = new GgufMetadata("m.gguf") { ["general.sampling.top_p"] = 7f };
        Assert.Equal("m.gguf", Assert.Throws<ModelFormatException>(() => SamplingOptions.FromGguf(metadata)).File);
    }

    [Theory]
    [InlineData("""{}""", 0f, 0, 1f)]
    [InlineData("""{"do_sample": false, "temperature": 0.6, "top_k": 9}""", 0f, 0, 1f)]
    [InlineData("""{"do_sample": true}""", 1f, 0, 1f)]
    [InlineData("""{"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95}""", 0.6f, 20, 0.95f)]
    [InlineData("""{"temperature": 0.6, "top_p": null}""", 0.6f, 0, 1f)]
    public void Reads_generation_config(string json, float temperature, int topK, float topP)
    {
        SamplingOptions options = SamplingOptions.FromGenerationConfig(JsonDocument.Parse(json).RootElement);
        Assert.Equal((temperature, topK, topP, -1), (options.Temperature, options.TopK, options.TopP, options.PenaltyWindow));
    }

    [Theory]
    [InlineData("""[]""", "root")]
    [InlineData("""{"do_sample": "yes"}""", "do_sample")]
    [InlineData("""{"do_sample": true, "temperature": "hot"}""", "temperature")]
    [InlineData("""{"do_sample": true, "top_p": 2}""", "TopP")]
    public void A_broken_generation_config_names_the_field(string json, string field)
    {
        var error = Assert.Throws<ModelFormatException>(() => SamplingOptions.FromGenerationConfig(JsonDocument.Parse(json).RootElement));
        Assert.Contains(field, error.Message, StringComparison.Ordinal);
    }
}
