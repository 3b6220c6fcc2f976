using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests;

public class CacheTests
{
    [Fact]
    public async Task Path_is_where_the_environment_says()
    {
        string folder = Path.Combine(Environment.GetEnvironmentVariable("AUTOGLM_CACHE")!, "autoglm", "weights");

        Assert.Equal(folder + "\n", (await CommandRun.OfAsync("cache", "path")).Succeeded().Output);
        Assert.Equal(folder, (string)Assert.Single((await CommandRun.OfAsync("cache", "path", "--json")).Succeeded().Json)["folder"]!);
    }

    [Fact]
    public async Task List_says_how_much_there_may_be()
    {
        JsonNode json = Assert.Single((await CommandRun.OfAsync("cache", "list", "--json")).Succeeded().Json);
        CommandRun run = (await CommandRun.OfAsync("cache")).Succeeded();

        Assert.Equal(1L << 30, (long)json["limit"]!);
        Assert.Equal((long)json["bytes"]!, json["files"]!.AsArray().Sum(file => (long)file!["bytes"]!));
        Assert.Contains(" of at most 1.0 GiB in ", run.Output);
    }

    [Fact]
    public async Task Other_words_are_refused() =>
        (await CommandRun.OfAsync("cache", "erase")).FailedWith(ExitCode.Usage, "erase", "clear");
}
