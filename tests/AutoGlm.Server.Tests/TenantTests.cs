using System.Net.Http.Headers;
using System.Text.Json;

namespace AutoGlm.Server.Tests;

/// <summary>What one tenant can find out of another's prompts: how long its own take, and what it is told of the cache.</summary>
public class TenantTests
{
    private static readonly string Prompt = string.Concat(Enumerable.Repeat("The contract is worth four million and is secret. ", 8));

    /// <summary>What is computed is what takes time: the same for who asks second as for who asks first.</summary>
    [Fact]
    public async Task A_prompt_that_another_has_asked_is_computed_from_its_first_token()
    {
        await using AutoGlmServer server = await StartAsync(share: false);
        using HttpClient first = As(server, "one"), second = As(server, "two");

        Asked alone = await AskAsync(server, first), again = await AskAsync(server, first), other = await AskAsync(server, second);

        Assert.Equal((0, alone.Prompt), (alone.Cached, alone.Computed));
        Assert.True(again.Cached > 0 && again.Computed < alone.Computed);
        Assert.Equal((0, alone.Computed), (other.Cached, other.Computed));
    }

    /// <summary>Asking in the middle of another's answer neither joins it nor waits for what it computes.</summary>
    [Fact]
    public async Task At_the_same_time_too_each_is_computed_for_itself()
    {
        await using AutoGlmServer server = await StartAsync(share: false);
        using HttpClient first = As(server, "one"), second = As(server, "two");

        int[] cached = await Task.WhenAll(CachedAsync(first), CachedAsync(second));

        Assert.Equal([0, 0], cached);
        Assert.Equal((0, 0), (server.Engine!.GetStatistics().SharedAnswers, server.Engine.GetStatistics().PrefixWaits));
    }

    [Fact]
    public async Task Dropping_everything_drops_ones_own()
    {
        await using AutoGlmServer server = await StartAsync(share: false);
        using HttpClient first = As(server, "one"), second = As(server, "two");
        await CachedAsync(first);

        (_, JsonElement others) = await ServerFixture.PostAsync(second, "/v1/cache/drop", """{"all":true}""");
        int left = await CachedAsync(first);
        (_, JsonElement own) = await ServerFixture.PostAsync(first, "/v1/cache/drop", """{"all":true}""");

        Assert.Equal(0, others.GetProperty("dropped_blocks").GetInt32());
        Assert.True(left > 0 && own.GetProperty("dropped_blocks").GetInt32() > 0);
        Assert.Equal(0, await CachedAsync(first));
    }

    [Fact]
    public async Task Who_wants_to_share_shares()
    {
        await using AutoGlmServer server = await StartAsync(share: true);
        using HttpClient first = As(server, "one"), second = As(server, "two");

        await CachedAsync(first);

        Assert.True(await CachedAsync(second) > 0);
    }

    [Fact]
    public async Task Looking_up_finds_ones_own()
    {
        await using AutoGlmServer server = await StartAsync(share: false);
        using HttpClient first = As(server, "one"), second = As(server, "two");
        await CachedAsync(first);
        string request = JsonSerializer.Serialize(new { prompt = Prompt + " And more." });

        (_, JsonElement own) = await ServerFixture.PostAsync(first, "/v1/cache/find", request);
        (_, JsonElement others) = await ServerFixture.PostAsync(second, "/v1/cache/find", request);

        Assert.InRange(own.GetProperty("cached_tokens").GetInt32(), 16, own.GetProperty("prompt_tokens").GetInt32() - 1);
        Assert.Equal(0, others.GetProperty("cached_tokens").GetInt32());
    }

    private static Task<AutoGlmServer> StartAsync(bool share) => ServerFixture.StartAsync(ServerFixture.Options with
    {
        ApiKeys = ["one", "two"],
        // What is hot is kept from server to server: none of it here.
        StateFolder = Path.Combine(ServerFixture.Options.StateFolder!, Guid.NewGuid().ToString("N")),
        Engine = ServerFixture.Options.Engine with { PrefixCache = true, ShareAcrossTenants = share },
    });

    private static HttpClient As(AutoGlmServer server, string key) =>
        new() { BaseAddress = server.Address, Timeout = ServerFixture.Patience, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

    private static async Task<Asked> AskAsync(AutoGlmServer server, HttpClient tenant)
    {
        long before = server.Engine!.GetStatistics().ComputedTokens;
        (int prompt, int cached) = await UsageAsync(tenant);
        return new Asked(prompt, cached, server.Engine.GetStatistics().ComputedTokens - before);
    }

    private static async Task<int> CachedAsync(HttpClient tenant) => (await UsageAsync(tenant)).Cached;

    private static async Task<(int Prompt, int Cached)> UsageAsync(HttpClient tenant)
    {
        (int status, JsonElement body) = await ServerFixture.PostAsync(tenant, "/v1/completions", JsonSerializer.Serialize(new { prompt = Prompt, max_tokens = 1, temperature = 0 }));
        Assert.Equal(200, status);
        JsonElement usage = body.GetProperty("usage");
        return (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    private readonly record struct Asked(int Prompt, int Cached, long Computed);
}
