using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests.LoadTests;

public sealed class BenchServeTests : IDisposable
{
    private readonly FakeServer _server = new();

    [Fact]
    public async Task Users_hold_their_conversations_and_share_the_system_prompt()
    {
        using TempFolder folder = new();

        CommandRun run = (await CommandRun.OfAsync(
            "bench", "serve", "--url", _server.Address.ToString(), "--users", "3", "--turns", "2", "--system-tokens", "20", "--turn-tokens", "4", "--output-tokens", "5", "--out", folder["."], "--json")).Succeeded();

        JsonNode report = run.Json.Single();
        Assert.Equal((6, 0), ((int)report["requests"]!, (int)report["failed"]!));
        Assert.Equal(0.4, (double)report["hit_rate"]!, 1e-9);
        Assert.Equal((600, 30), ((int)report["prompt_tokens"]!, (int)report["tokens"]!));
        Assert.True((double)report["ttft_ms"]!["p50"]! <= (double)report["e2e_ms"]!["p99"]!);
        Assert.Single(_server.Requests.Select(request => (string)request["messages"]![0]!["content"]!).Distinct());
        JsonNode second = _server.Requests.First(request => request["messages"]!.AsArray().Count == 4);
        Assert.Equal("one two three", (string)second["messages"]![2]!["content"]!);
        Assert.All(_server.Requests, request => Assert.Equal((5, "fake"), ((int)request["max_tokens"]!, (string)request["model"]!)));
        Assert.Equal(["serve.json", "serve.md", "serve.png"], Directory.GetFiles(folder["."]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_session_ends_at_its_first_failure_and_the_error_is_told()
    {
        CommandRun run = await CommandRun.OfAsync("bench", "serve", "--url", _server.Address.ToString(), "--users", "1", "--turns", "5", "--system-tokens", "0");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("3, of which 1 failed", run.Output);
        Assert.Contains("too long a conversation", run.Error);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_error()
    {
        using FreePort nobody = new();

        (await CommandRun.OfAsync("bench", "serve", "--url", nobody.Url.ToString())).FailedWith(1, "v1/models");
    }

    [Fact]
    public async Task An_address_that_is_none_is_refused() =>
        (await CommandRun.OfAsync("bench", "serve", "--url", "localhost")).FailedWith(2, "--url localhost");

    public void Dispose() => _server.Dispose();
}
