using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests;

/// <summary><c>verify</c>, <c>perplexity</c>, <c>bench</c> and <c>synth</c>.</summary>
public class MeasureTests
{
    [Fact]
    public async Task Verify_passes_a_sound_model()
    {
        CommandRun text = (await CommandRun.OfAsync("verify", "-m", Fixtures.Granite, "--golden", Fixtures.GraniteGolden)).Succeeded();
        JsonNode json = (await CommandRun.OfAsync("verify", "-m", Fixtures.Granite, "--golden", Fixtures.GraniteGolden, "--reference", "--json")).Succeeded().Json.Single();

        Assert.Contains("greedy tokens: 32 of 32 equal", text.Output);
        Assert.Contains("passed", text.Output);
        Assert.True((bool)json["passes"]!);
        Assert.InRange((double)json["largest_error"]!, 1e-9, 2e-4);
        Assert.Equal("reference", (string)json["backend"]!);
    }

    [Theory]
    [InlineData("--without", "merge-projections,gated-activations")]
    [InlineData("--without", "merge-projections, gated-activations", "--without", "dead-rows,row-chains")]
    public async Task Verify_passes_with_passes_left_out(params string[] without) =>
        (await CommandRun.OfAsync(["verify", "-m", Fixtures.Granite, "--golden", Fixtures.GraniteGolden, .. without])).Succeeded();

    [Fact]
    public async Task Verify_fails_over_the_tolerance()
    {
        CommandRun text = await CommandRun.OfAsync("verify", "-m", Fixtures.Granite, "--golden", Fixtures.GraniteGolden, "--tolerance", "1e-9");
        CommandRun json = await CommandRun.OfAsync("verify", "-m", Fixtures.Granite, "--golden", Fixtures.GraniteGolden, "--tolerance", "1e-9", "--json");

        Assert.Equal((1, 1), (text.ExitCode, json.ExitCode));
        Assert.Contains("failed: over the tolerance of 1.00e-9", text.Output);
        Assert.False((bool)json.Json.Single()["passes"]!);
    }

    [Fact]
    public async Task Verify_refuses_another_models_golden() =>
        (await CommandRun.OfAsync("verify", "--golden", Fixtures.GraniteGolden)).FailedWith(1, "vocabulary");

    [Fact]
    public async Task Perplexity_says_what_it_scored()
    {
        using TempFolder folder = new();
        string text = folder.Write("text.txt", string.Join(' ', Enumerable.Repeat("the cat is in the house and the dog is not", 20)));

        CommandRun plain = (await CommandRun.OfAsync("perplexity", "-m", Fixtures.Granite, "--file", text, "--ctx", "32", "--chunks", "3")).Succeeded();
        JsonNode json = (await CommandRun.OfAsync("perplexity", "-m", Fixtures.Granite, "--file", text, "--ctx", "32", "--json")).Succeeded().Json.Single();

        Assert.Matches(@"^perplexity: [\d.]+ ± [\d.]+ \(3 chunks of 32 tokens, 45 scored\)\n$", plain.Output);
        Assert.Equal((int)json["tokens"]! / 32, (int)json["chunks"]!);
        Assert.Equal((int)json["chunks"]! * 15, (int)json["scored_tokens"]!);
        Assert.Equal(Math.Exp((double)json["mean_loss"]!), (double)json["perplexity"]!, 1e-6);
    }

    [Fact]
    public async Task Perplexity_refuses_too_short_a_text()
    {
        using TempFolder folder = new();
        (await CommandRun.OfAsync("perplexity", "-m", Fixtures.Granite, "--file", folder.Write("text.txt", "short"))).FailedWith(1, "text.txt", "512");
    }

    [Fact]
    public async Task Bench_has_room_for_more_sequences_than_batch_tokens_were_asked()
    {
        JsonNode json = (await CommandRun.OfAsync("bench", "-m", Fixtures.Granite, "--pp", "8", "--tg", "2", "--batch", "6", "--batch-tokens", "4", "--repeat", "1", "--json")).Succeeded().Json.Single();

        Assert.Equal([1, 6], json["results"]!.AsArray().Select(result => (int)result!["batch"]!));
    }

    [Fact]
    public async Task Bench_measures_each_batch()
    {
        CommandRun text = (await CommandRun.OfAsync("bench", "-m", Fixtures.Granite, "--pp", "16", "--tg", "4", "--batch", "1,3", "--repeat", "2")).Succeeded();
        JsonNode json = (await CommandRun.OfAsync("bench", "-m", Fixtures.Granite, "--pp", "700", "--tg", "4", "--batch", "1,3", "--repeat", "2", "--json")).Succeeded().Json.Single();

        Assert.Contains("pp16", text.Output);
        Assert.Contains("GB/s", text.Output);
        JsonArray results = json["results"]!.AsArray();
        Assert.Equal(["pp700", "tg4", "tg4"], results.Select(result => (string)result!["test"]!));
        Assert.Equal([1, 1, 3], results.Select(result => (int)result!["batch"]!));
        foreach (JsonNode? result in results)
        {
            Assert.InRange((double)result!["tokens_per_second"]!, (double)result["min"]!, (double)result["max"]!);
            // A model this small stays in the caches: it may be read faster than memory is.
            Assert.InRange((double)result["bandwidth_fraction"]!, 1e-9, double.MaxValue);
        }

        // Three sequences share what is read of the parameters.
        Assert.True((double)results[2]!["bytes_per_token"]! < (double)results[1]!["bytes_per_token"]!);
    }

    [Fact]
    public async Task Synth_writes_a_model_that_loads()
    {
        using TempFolder folder = new();

        JsonNode json = (await CommandRun.OfAsync("synth", "135m", "Q4_0", folder["s.gguf"], "--json")).Succeeded().Json.Single();
        JsonNode model = (await CommandRun.OfAsync("inspect", "-m", folder["s.gguf"], "--json")).Succeeded().Json.Single();

        Assert.Equal(new FileInfo(folder["s.gguf"]).Length, (long)json["bytes"]!);
        Assert.InRange((long)model["parameters"]!, 130_000_000, 140_000_000);
        Assert.Equal("llama", (string)model["architecture"]!);
    }
}
