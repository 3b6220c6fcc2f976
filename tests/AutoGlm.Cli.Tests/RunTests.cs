using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests;

/// <summary><c>run</c>, on the embedded model.</summary>
public class RunTests
{
    [Fact]
    public async Task Streams_the_answer_and_then_says_how_fast()
    {
        CommandRun run = (await CommandRun.OfAsync("run", "--temp", "0", "What is the capital of France?")).Succeeded();

        Assert.Equal("The capital of France is Paris.", run.Output.Trim());
        Assert.Matches(@"^prompt: \d+ tokens \(0 reused\), [\d.,]+ tok/s · generation: \d+ tokens, [\d.,]+ tok/s · first token: [\d.]+ s\n$", run.Error);
    }

    [Fact]
    public async Task Json_is_all_there_is()
    {
        CommandRun run = (await CommandRun.OfAsync("run", "--temp", "0", "-n", "4", "--logprobs", "2", "--json", "What is the capital of France?")).Succeeded();

        JsonNode json = Assert.Single(run.Json);
        Assert.Equal("The capital of France", (string)json["text"]!);
        Assert.Equal("length", (string)json["finish_reason"]!);
        Assert.Equal(4, json["tokens"]!.AsArray().Count);
        Assert.Equal(4, (int)json["usage"]!["generated_tokens"]!);
        Assert.InRange((double)json["generation_tokens_per_second"]!, 0.01, 1e6);
        Assert.Equal(4, json["logprobs"]!.AsArray().Count);
        JsonNode first = json["logprobs"]![0]!;
        Assert.Equal((int)json["tokens"]![0]!, (int)first["token"]!);
        Assert.Equal((double)first["top"]![0]!["logprob"]!, (double)first["logprob"]!, 1e-6);
        Assert.Equal(2, first["top"]!.AsArray().Count);
        Assert.Equal("", run.Error);
    }

    [Theory]
    [InlineData("What is the capital of France?")]
    [InlineData("What is the capital of France?\n")]
    public async Task The_prompt_may_be_piped_in(string input)
    {
        CommandRun given = (await CommandRun.OfAsync("run", "--json", "--temp", "0", "-n", "3", input.TrimEnd())).Succeeded();
        CommandRun dash = (await CommandRun.WithInputAsync(input, "run", "--json", "--temp", "0", "-n", "3", "-")).Succeeded();
        CommandRun absent = (await CommandRun.WithInputAsync(input, "run", "--json", "--temp", "0", "-n", "3")).Succeeded();

        Assert.Equal((int)given.Json[0]["usage"]!["prompt_tokens"]!, (int)dash.Json[0]["usage"]!["prompt_tokens"]!);
        Assert.Equal(given.Json[0]["tokens"]!.ToJsonString(), dash.Json[0]["tokens"]!.ToJsonString());
        Assert.Equal(given.Json[0]["tokens"]!.ToJsonString(), absent.Json[0]["tokens"]!.ToJsonString());
    }

    [Fact]
    public async Task A_model_without_a_row_for_an_added_token_runs_and_says_so()
    {
        using TempFolder files = new();

        CommandRun run = (await CommandRun.OfAsync("run", "-m", RowlessModel.Write(files["rowless.gguf"]), "--raw", "-n", "3", "--temp", "0", "the <new> cat")).Succeeded();
        CommandRun plain = (await CommandRun.OfAsync("run", "-m", RowlessModel.Sound, "--raw", "-n", "3", "--temp", "0", "the <new> cat")).Succeeded();

        Assert.Equal(plain.Output, run.Output);
        Assert.Contains("'<new>' (320). They are left out, also as pad", run.Error);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_text()
    {
        async Task<string> Answer(string seed) => (await CommandRun.OfAsync("run", "--temp", "1.5", "-n", "12", "--seed", seed, "Tell me a story.")).Succeeded().Output;

        string first = await Answer("7");
        Assert.Equal(first, await Answer("7"));
        Assert.NotEqual(first, await Answer("8"));
    }

    [Fact]
    public async Task Stop_texts_end_the_answer_and_are_no_part_of_it()
    {
        CommandRun run = (await CommandRun.OfAsync("run", "--temp", "0", "--json", "--stop", "zebra", "--stop", " of F", "What is the capital of France?")).Succeeded();

        Assert.Equal("The capital", (string)run.Json[0]["text"]!);
        Assert.Equal("stop", (string)run.Json[0]["finish_reason"]!);
    }

    [Fact]
    public async Task Raw_and_system_change_what_the_model_sees()
    {
        async Task<int> PromptTokens(params string[] more) =>
            (int)(await CommandRun.OfAsync(["run", "--json", "-n", "1", "Hello", .. more])).Succeeded().Json[0]["usage"]!["prompt_tokens"]!;

        Assert.Equal(1, await PromptTokens("--raw"));
        int plain = await PromptTokens();
        Assert.InRange(plain, 5, 20);
        Assert.True(await PromptTokens("--system", "You are terse.") > plain);
    }

    [Fact]
    public async Task Without_a_chat_template_the_prompt_goes_as_it_is_with_a_note()
    {
        CommandRun run = (await CommandRun.OfAsync("run", "-m", Fixtures.Granite, "--temp", "0", "-n", "3", "the")).Succeeded();

        Assert.Contains("no chat template", run.Error);
        (await CommandRun.OfAsync("run", "-m", Fixtures.Granite, "--system", "x", "-n", "3", "the")).FailedWith(1, "chat template");
    }

    [Fact]
    public async Task Ctrl_C_ends_the_answer_but_not_the_statistics()
    {
        using StringWriter error = new();
        using InterruptingWriter output = new();
        using Terminal terminal = new(TextReader.Null, output, error);
        output.Interrupts = terminal.Interrupts;

        int code = await CommandLine.RunAsync(["run", "--temp", "0", "--ctx", "2048", "Count from one to a thousand."], terminal);

        Assert.Equal(Interrupts.InterruptedExitCode, code);
        Assert.Contains("interrupted", error.ToString());
        Assert.Contains("tok/s", error.ToString());
        Assert.DoesNotContain("error", error.ToString());
    }
}
