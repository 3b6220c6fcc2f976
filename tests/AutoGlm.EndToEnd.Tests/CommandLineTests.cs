using System.Text.Json.Nodes;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>The main jobs, as a new user does them.</summary>
public class CommandLineTests
{
    [Fact]
    public async Task Run_answers_with_the_embedded_model_and_says_how_fast()
    {
        (int exitCode, string output, string error) = await Autoglm.RunAsync(["run", "--temp", "0", "What is the capital of France?"], TestData.Root);

        Assert.Equal(0, exitCode);
        Assert.Equal("The capital of France is Paris.", output.Trim());
        Assert.Matches(@"prompt: \d+ tokens .* tok/s · generation: \d+ tokens", error);
    }

    [Fact]
    public async Task Chat_reuses_the_turns_before()
    {
        (int exitCode, string output, _) = await Autoglm.RunAsync(["chat", "--temp", "0", "-n", "30", "--json"], TestData.Root, "What is the capital of France?\nAnd what is it known for?\n");

        Assert.Equal(0, exitCode);
        JsonNode[] turns = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(2, turns.Length);
        Assert.Contains("Paris", output);
        Assert.InRange((int)turns[1]["usage"]!["reused_tokens"]!, 16, 1000);
    }

    [Theory]
    [InlineData(2, "run", "--temp")]
    [InlineData(2, "fly")]
    [InlineData(1, "inspect", "-m", "no-such-file.gguf")]
    [InlineData(1, "run", "-m", "README.md", "Hello")]
    [InlineData(1, "run", "-n", "100000", "Hello")]
    public async Task What_goes_wrong_is_one_line_and_an_exit_code(int expected, params string[] arguments)
    {
        (int exitCode, string output, string error) = await Autoglm.RunAsync(arguments, TestData.Root);

        Assert.Equal(expected, exitCode);
        Assert.Equal("", output);
        Assert.StartsWith("error: ", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Theory]
    [InlineData("autoglm-mini.gguf", 78.5579)]
    [InlineData("SmolLM2-135M-Instruct-Q4_1.gguf", 12.1501)]
    public async Task Perplexity_is_llama_cpps(string model, double expected)
    {
        string path = TestData.Shared("models", model), text = TestData.Shared("text", "eval.txt");

        (int exitCode, string output, string error) = await Autoglm.RunAsync(["perplexity", "-m", path, "--file", text, "--json"], TestData.Root);

        Assert.True(exitCode == 0, error);
        Assert.Equal(1, (double)JsonNode.Parse(output)!["perplexity"]! / expected, 0.005);
    }
}
