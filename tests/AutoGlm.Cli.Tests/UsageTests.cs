namespace AutoGlm.Cli.Tests;

/// <summary>Command lines that cannot be right end at once, with exit code 2.</summary>
public class UsageTests
{
    [Theory]
    [InlineData("frob", "frob")]
    [InlineData("--frob", "run", "--frob", "hi")]
    [InlineData("--frob", "run", "--frob")]
    [InlineData("--see", "synth", "1b", "Q4_0", "--see")]
    [InlineData("number", "run", "--temp", "warm", "hi")]
    [InlineData("between 0 and 100", "run", "--temp", "-1", "hi")]
    [InlineData("between 0 and 1", "run", "--top-p", "1.5", "hi")]
    [InlineData("NaN", "run", "--min-p", "NaN", "hi")]
    [InlineData("--ctx 0", "run", "--ctx", "0", "hi")]
    [InlineData("--tokens 0", "run", "-n", "0", "hi")]
    [InlineData("--tokens", "run", "-n", "1e9999", "hi")]
    [InlineData("f64", "run", "--kv-type", "f64", "hi")]
    [InlineData("--gpu-layers -1", "run", "--device", "auto", "--gpu-layers", "-1", "hi")]
    [InlineData("--gpu-layers some", "run", "--device", "auto", "--gpu-layers", "some", "hi")]
    [InlineData("needs --device", "run", "--gpu-layers", "auto", "hi")]
    [InlineData("'neon' not recognized. Must be one of: 'auto', 'scalar', 'vector128',", "run", "--isa", "neon", "hi")]
    [InlineData("--without frob: there is no such pass; there are common-subexpressions,", "bench", "--without", "dead-rows,frob")]
    [InlineData("--raw", "run", "--raw", "--system", "x", "hi")]
    [InlineData("--logprobs 101", "run", "--logprobs", "101", "hi")]
    [InlineData("--format", "inspect", "--format", "json")]
    [InlineData("'model.gguf'. A model's file is named by -m.", "inspect", "model.gguf")]
    [InlineData("--without barriers: there is no such pass; there are common-subexpressions,", "inspect", "--graph", "optimized", "--without", "barriers")]
    [InlineData("--without goes with", "inspect", "--graph", "raw", "--without", "dead-rows")]
    [InlineData("sideways", "inspect", "--graph", "sideways")]
    [InlineData("--out", "inspect", "--out", "x")]
    [InlineData("--tensor", "inspect", "--graph", "raw", "--tensor", "x")]
    [InlineData("--file", "tokenize")]
    [InlineData("--file", "tokenize", "--text", "a", "--file", "b")]
    [InlineData("--input", "template")]
    [InlineData("--file", "template", "-m", "x", "--file", "y", "--input", "z")]
    [InlineData("day", "template", "--input", "z", "--date", "yesterday")]
    [InlineData("--golden", "verify")]
    [InlineData("--tolerance", "verify", "--golden", "x", "--tolerance", "2")]
    [InlineData("--file", "perplexity")]
    [InlineData("--ctx 3", "perplexity", "--file", "x", "--ctx", "3")]
    [InlineData("7x", "synth", "7x", "Q4_0", "out.gguf")]
    [InlineData("Q9_0", "synth", "1b", "Q9_0", "out.gguf")]
    [InlineData("OUT", "synth", "1b", "Q4_0")]
    [InlineData("--batch 0", "bench", "--batch", "1,0")]
    [InlineData("--batch two", "bench", "--batch", "1,two")]
    [InlineData("nothing", "bench", "--pp", "0", "--tg", "0")]
    public async Task Wrong_command_lines_are_refused(string part, params string[] arguments) =>
        (await CommandRun.OfAsync(arguments)).FailedWith(2, part);

    [Fact]
    public async Task A_prompt_may_look_like_an_option_behind_two_dashes() =>
        (await CommandRun.OfAsync("run", "-m", "/nonexistent.gguf", "--", "--frob")).FailedWith(1, "/nonexistent.gguf");

    [Fact]
    public async Task A_prompt_may_look_like_a_response_file()
    {
        CommandRun run = await CommandRun.OfAsync("run", "-m", "/nonexistent.gguf", "@nobody");

        run.FailedWith(1, "/nonexistent.gguf");
    }
}
