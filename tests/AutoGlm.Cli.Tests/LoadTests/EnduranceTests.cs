using System.Globalization;
using System.Text.Json.Nodes;
using AutoGlm.Cli.LoadTests;
using AutoGlm.Engine;
using AutoGlm.Server;

namespace AutoGlm.Cli.Tests.LoadTests;

/// <summary>Load that goes on for a time, whose clients go away now and then, and what the server is left with.</summary>
public sealed class EnduranceTests : IDisposable
{
    private readonly FakeServer _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Dropped_requests_are_the_same_for_a_seed_and_count_apart()
    {
        JsonNode[] reports = [await RunAsync("7"), await RunAsync("7"), await RunAsync("8")];

        Assert.All(reports, report => Assert.Equal((40, 0), ((int)report["requests"]!, (int)report["failed"]!)));
        Assert.InRange((int)reports[0]["dropped"]!, 8, 32);
        Assert.Equal((int)reports[0]["dropped"]!, (int)reports[1]["dropped"]!);
        // Whoever stopped an answer goes on from what there was of it.
        HashSet<string> assistants = [.. _server.Requests.SelectMany(request => request["messages"]!.AsArray()).Where(message => (string)message!["role"]! == "assistant").Select(message => (string)message!["content"]!)];
        Assert.Subset(new HashSet<string> { "one", "one two", "one two three" }, assistants);
        Assert.Contains("one", assistants);
        Assert.Contains("one two three", assistants);
        // Only whole answers count in rates.
        Assert.Equal(5 * (40 - (int)reports[0]["dropped"]!), (int)reports[0]["tokens"]!);
    }

    [Fact]
    public async Task A_block_that_nobody_uses_and_nobody_has_back_is_a_failure()
    {
        using FakeServer sound = new() { Cache = """{"blocks": 9, "blocks_used": 0, "blocks_cached": 4, "blocks_blank": 5}""" };
        using FakeServer lost = new() { Cache = """{"blocks": 9, "blocks_used": 0, "blocks_cached": 4, "blocks_blank": 6}""" };
        string[] command = ["bench", "serve", "--users", "1", "--turns", "1", "--system-tokens", "0", "--url"];

        Assert.Contains("0, 4, 5, 9", (await CommandRun.OfAsync([.. command, sound.Address.ToString()])).Succeeded().Output);
        CommandRun run = await CommandRun.OfAsync([.. command, lost.Address.ToString()]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("not all accounted for", run.Error);
    }

    [Theory]
    [InlineData("--duration", "0")]
    [InlineData("--cancel", "1.5")]
    [InlineData("--duration", "5", "--trace", "x.csv")]
    public async Task Impossible_wishes_are_refused(params string[] options) =>
        (await CommandRun.OfAsync(["bench", "serve", "--url", _server.Address.ToString(), .. options])).FailedWith(2, options[0]);

    /// <summary>A cache that fills is no leak, and what leaks beside it is not hidden by it.</summary>
    [Fact]
    public void Growth_is_told_with_and_without_blocks_used_for_the_first_time()
    {
        MemorySample before = new(1000, 200);

        Assert.Equal(0.3, before.GrowthTo(new MemorySample(1300, 500)), 1e-9);
        Assert.Equal(0, before.GrowthBesideBlocksTo(new MemorySample(1300, 500)), 1e-9);
        Assert.Equal(0.1, before.GrowthBesideBlocksTo(new MemorySample(1300, 400)), 1e-9);
        Assert.Equal(-0.05, before.GrowthBesideBlocksTo(new MemorySample(950, 200)), 1e-9);
    }

    /// <summary>The real server: every block is back in its place, whoever went away when.</summary>
    [Fact]
    public async Task A_server_of_ours_has_all_its_blocks_afterwards()
    {
        using TempFolder folder = new();
        await using AutoGlmServer server = await AutoGlmServer.ListenAsync(
            new ServerOptions
            {
                ModelPath = TestData.InRepository("models", "autoglm-mini.gguf"),
                Engine = new EngineOptions { Context = 256, KvMemory = 8 << 20 },
                Port = 0,
                StateFolder = folder["state"],
                LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            },
            TestContext.Current.CancellationToken);
        await server.LoadAsync(cancellation: TestContext.Current.CancellationToken);

        CommandRun run = (await CommandRun.OfAsync(
            "bench", "serve", "--url", server.Address.ToString(), "--server-pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            "--users", "8", "--turns", "2", "--system-tokens", "20", "--turn-tokens", "5", "--output-tokens", "6", "--duration", "1", "--cancel", "0.4", "--json")).Succeeded();

        JsonNode report = run.Json.Single();
        Assert.True((int)report["requests"]! >= 16 && (int)report["dropped"]! > 0);
        Assert.True((bool)report["blocks"]!["accounted"]!);
        Assert.True((int)report["blocks"]!["cached"]! > 0);
        Assert.True((double)report["longest_wait_ms"]! > 0);
        if (!OperatingSystem.IsLinux()) return;
        JsonNode memory = report["memory"]!;
        Assert.True((long)memory["quarter"]! > 0);
        // As much of it is KV blocks as have been used, all of them by then cached or blank again.
        Assert.InRange((long)memory["end_blocks"]!, (long)report["blocks"]!["cached"]! * server.Engine!.GetStatistics().Cache.BlockBytes, 8 << 20);
        Assert.True((long)memory["end"]! > (long)memory["end_blocks"]! && (long)memory["quarter_blocks"]! <= (long)memory["end_blocks"]!);
    }

    private async Task<JsonNode> RunAsync(string seed)
    {
        CommandRun run = (await CommandRun.OfAsync(
            "bench", "serve", "--url", _server.Address.ToString(), "--users", "20", "--turns", "2", "--system-tokens", "0", "--output-tokens", "3", "--cancel", "0.5", "--seed", seed, "--json")).Succeeded();
        return run.Json.Single();
    }
}
