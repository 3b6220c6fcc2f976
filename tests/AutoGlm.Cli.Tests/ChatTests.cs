using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests;

/// <summary><c>chat</c>, on the embedded model.</summary>
public class ChatTests
{
    [Fact]
    public async Task Each_turn_reuses_the_turns_before()
    {
        CommandRun run = (await CommandRun.WithInputAsync(
            "What is the capital of France?\n\nAnd of Italy?\nWhat was my first question?\n", "chat", "--temp", "0", "-n", "24", "--json")).Succeeded();

        JsonNode[] turns = run.Json;
        Assert.Equal(3, turns.Length);
        Assert.Equal(0, Reused(turns[0]));
        Assert.InRange(Reused(turns[1]), 16, Prompt(turns[1]) - 1);
        // All whole blocks of the turn before are there again.
        Assert.InRange(Reused(turns[2]), Prompt(turns[1]) - 16, Prompt(turns[2]) - 1);
        Assert.Contains("Paris", (string)turns[0]["text"]!);
        Assert.Equal("", run.Error);

        static int Reused(JsonNode turn) => (int)turn["usage"]!["reused_tokens"]!;
        static int Prompt(JsonNode turn) => (int)turn["usage"]!["prompt_tokens"]!;
    }

    [Fact]
    public async Task Statistics_follow_each_answer()
    {
        CommandRun run = (await CommandRun.WithInputAsync("Hi\nHow are you?\n", "chat", "--temp", "0", "-n", "8")).Succeeded();

        string[] lines = [.. run.Error.Split('\n').Where(line => line.StartsWith("prompt:", StringComparison.Ordinal))];
        Assert.Equal(2, lines.Length);
        Assert.Contains("(0 reused)", lines[0]);
        Assert.Matches(@"\([1-9][0-9]* reused\)", lines[1]);
    }

    [Fact]
    public async Task Commands_do_what_help_says()
    {
        using TempFolder folder = new();
        string first = folder["first.json"], second = folder["second.json"];

        CommandRun run = (await CommandRun.WithInputAsync(
            $"Hi\n/save {first}\n/system Answer in\\\none word.\nWhat is\\\n2+2?\n/save {second}\n/reset\n/frob\n/help\n/exit\nnever read\n",
            "chat", "--temp", "0", "-n", "4")).Succeeded();

        JsonArray saved = JsonNode.Parse(File.ReadAllText(second))!["messages"]!.AsArray();
        Assert.Equal(["system", "user", "assistant"], saved.Select(turn => (string)turn!["role"]!));
        Assert.Equal("Answer in\none word.", (string)saved[0]!["content"]!);
        Assert.Equal("What is\n2+2?", (string)saved[1]!["content"]!);
        Assert.Equal(2, JsonNode.Parse(File.ReadAllText(first))!["messages"]!.AsArray().Count);
        Assert.Contains("no /frob", run.Error);
        Assert.Contains("/save [FILE]", run.Error);
        Assert.Equal(2, run.Error.Split('\n').Count(line => line.StartsWith("prompt:", StringComparison.Ordinal)));
        (await CommandRun.OfAsync("template", "--input", second)).Succeeded();
    }

    [Fact]
    public async Task The_oldest_turns_go_when_the_context_is_full_and_the_system_message_stays()
    {
        using TempFolder folder = new();
        string questions = string.Concat(Enumerable.Range(1, 6).Select(i => $"Tell me about the number {i}, please, in a few words.\n"));

        CommandRun run = (await CommandRun.WithInputAsync(
            questions + $"/save {folder["chat.json"]}\n", "chat", "--ctx", "128", "-n", "16", "--temp", "0", "--system", "You are kind.")).Succeeded();

        Assert.Contains("oldest messages were dropped", run.Error);
        JsonArray saved = JsonNode.Parse(File.ReadAllText(folder["chat.json"]))!["messages"]!.AsArray();
        Assert.Equal("You are kind.", (string)saved[0]!["content"]!);
        Assert.Equal("user", (string)saved[1]!["role"]!);
        Assert.Equal(6, run.Error.Split('\n').Count(line => line.StartsWith("prompt:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Too_long_a_message_is_refused_and_the_chat_goes_on()
    {
        string tooLong = string.Join(' ', Enumerable.Repeat("word", 200));

        CommandRun run = (await CommandRun.WithInputAsync($"{tooLong}\nHi\n", "chat", "--ctx", "64", "-n", "4", "--temp", "0")).Succeeded();

        Assert.Contains("error: The prompt has", run.Error);
        Assert.Single(run.Error.Split('\n'), line => line.StartsWith("prompt:", StringComparison.Ordinal));
        Assert.NotEqual("", run.Output.Trim());
    }

    [Fact]
    public async Task Ctrl_C_ends_an_answer_and_the_chat_goes_on()
    {
        using StringWriter error = new();
        using InterruptingWriter output = new();
        using Terminal terminal = new(new StringReader("Count from one to a thousand.\nHi\n"), output, error);
        output.Interrupts = terminal.Interrupts;

        int code = await CommandLine.RunAsync(["chat", "--temp", "0"], terminal);

        Assert.Equal(0, code);
        string[] lines = [.. error.ToString().Split('\n').Where(line => line.StartsWith("prompt:", StringComparison.Ordinal))];
        Assert.Equal(2, lines.Length);
        Assert.Contains("interrupted", lines[0]);
        Assert.DoesNotContain("interrupted", lines[1]);
    }

    [Fact]
    public async Task Ctrl_C_at_the_prompt_leaves()
    {
        using StringWriter output = new(), error = new();
        using SilentReader input = new();
        using Terminal terminal = new(input, output, error);

        Task<int> chat = CommandLine.RunAsync(["chat"], terminal);
        await input.Asked.WaitAsync(TimeSpan.FromMinutes(5));
        terminal.Interrupts.Raise();

        Assert.Equal(0, await chat.WaitAsync(TimeSpan.FromMinutes(5)));
        Assert.DoesNotContain("error", error.ToString());
    }

    /// <summary>A user who types nothing.</summary>
    private sealed class SilentReader : TextReader
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _gone = new();

        public Task Asked => _asked.Task;

        public override string? ReadLine()
        {
            _asked.TrySetResult();
            _gone.Wait();
            return null;
        }

        protected override void Dispose(bool disposing)
        {
            _gone.Set();
            base.Dispose(disposing);
        }
    }
}
