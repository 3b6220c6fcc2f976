using System.Text.Json;

namespace AutoGlm.Server.Tests;

/// <summary>What is computed before anybody asks, and for whom.</summary>
public sealed class WarmUpTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-warmup-").FullName;
    private readonly string _everyones = string.Concat(Enumerable.Repeat("You answer from the manual of the lighthouse. ", 8));
    private readonly string _ours = string.Concat(Enumerable.Repeat("The harbour opens at nine and closes at five. ", 8));

    private ServerOptions Options => ServerFixture.Options with { ApiKeys = ["ours", "theirs"], StateFolder = _folder, Engine = ServerFixture.Options.Engine with { PrefixCache = true } };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_line_is_for_the_key_it_names_or_for_all()
    {
        string file = await WriteAsync(new { prompt = _everyones }, new { prompt = _ours, tenant = "ours" });

        await using AutoGlmServer server = await ServerFixture.StartAsync(Options with { WarmUpFile = file });

        Assert.True(await CachedAsync(server, "ours", _everyones) > 32);
        Assert.True(await CachedAsync(server, "theirs", _everyones) > 32);
        Assert.True(await CachedAsync(server, "ours", _ours) > 32);
        Assert.Equal(0, await CachedAsync(server, "theirs", _ours));
    }

    [Fact]
    public async Task What_was_hot_is_warm_at_the_next_start_for_whom_it_was_hot()
    {
        await using (AutoGlmServer server = await ServerFixture.StartAsync(Options))
        {
            for (int i = 0; i < 3; i++) await CachedAsync(server, "ours", _ours);
            await server.StopAsync();
        }

        await using AutoGlmServer next = await ServerFixture.StartAsync(Options);

        Assert.Equal(0, await CachedAsync(next, "theirs", _ours));
        Assert.True(await CachedAsync(next, "ours", _ours) > 32);
    }

    [Fact]
    public async Task A_key_that_is_none_is_told_without_saying_it()
    {
        string file = await WriteAsync(new { prompt = "x", tenant = "mistyped" });
        await using AutoGlmServer server = await AutoGlmServer.ListenAsync(Options with { WarmUpFile = file });

        InvalidDataException error = await Assert.ThrowsAsync<InvalidDataException>(() => server.LoadAsync());

        Assert.Contains("prompt 1", error.Message);
        Assert.DoesNotContain("mistyped", error.Message);
        Assert.Null(server.Engine);
    }

    private async Task<string> WriteAsync(params object[] lines)
    {
        string file = Path.Combine(_folder, "prompts.jsonl");
        await File.WriteAllLinesAsync(file, lines.Select(line => JsonSerializer.Serialize(line)));
        return file;
    }

    private static async Task<int> CachedAsync(AutoGlmServer server, string key, string prompt)
    {
        using HttpClient http = ServerFixture.ClientOf(server);
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        (int status, JsonElement body) = await ServerFixture.PostAsync(http, "/v1/completions", JsonSerializer.Serialize(new { prompt, max_tokens = 1 }));
        Assert.Equal(200, status);
        return body.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
    }
}
