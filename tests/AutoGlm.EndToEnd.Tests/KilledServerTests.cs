using System.Text;
using System.Text.Json.Nodes;

namespace AutoGlm.EndToEnd.Tests;

/// <summary>A server that is killed in the middle of its work, as a power cut or the kernel's memory killer does it, and the next one on the same state.</summary>
public sealed class KilledServerTests : IDisposable
{
    private static readonly string System = string.Concat(Enumerable.Repeat("You answer from the manual of the lighthouse. ", 12));
    private readonly string _folder = Directory.CreateTempSubdirectory("autoglm-killed-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_hot_outlives_a_kill_under_load_and_the_next_server_answers_the_same()
    {
        string answer;
        using (AutoglmServe server = await StartAsync())
        {
            Assert.Contains("and 0 beginnings", server.Log);
            answer = (await AskAsync(server, "When is it lit?")).Text;
            for (int i = 0; i < 3; i++) await AskAsync(server, $"Who keeps it in year {i}?");
            await WaitForStateAsync(server);
            HttpResponseMessage[] streams = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => StreamAsync(server, $"Tell tale {i}")));

            await server.KillAsync();

            // Whoever was being answered finds out: a stream, longer than this test may be held up, ends without its end.
            foreach (HttpResponseMessage stream in streams) Assert.DoesNotContain("[DONE]", await ReadToEndAsync(stream));
        }

        using AutoglmServe next = await StartAsync();
        Assert.Matches("and [1-9][0-9]* beginnings", next.Log);
        Assert.DoesNotContain("Warm-up:", next.Log);
        (string text, int prompt, int cached) = await AskAsync(next, "When is it lit?");
        JsonNode blocks = JsonNode.Parse(await next.Http.GetStringAsync("/v1/cache"))!;

        Assert.Equal(answer, text);
        Assert.InRange(cached, prompt / 2, prompt);
        Assert.Equal(0, (int)blocks["blocks_used"]!);
    }

    [Fact]
    public async Task A_state_that_a_kill_has_torn_is_told_and_left()
    {
        using (AutoglmServe server = await StartAsync())
        {
            for (int i = 0; i < 3; i++) await AskAsync(server, $"Who keeps it in year {i}?");
            await WaitForStateAsync(server);
            await server.KillAsync();
        }

        string file = Assert.Single(States());
        byte[] whole = await File.ReadAllBytesAsync(file);
        await File.WriteAllBytesAsync(file, whole[..(whole.Length / 2)]);
        using AutoglmServe next = await StartAsync();

        Assert.Contains("Warm-up:", next.Log);
        Assert.Contains("and 0 beginnings", next.Log);
        Assert.Equal(0, (await AskAsync(next, "When is it lit?")).Cached);
    }

    private Task<AutoglmServe> StartAsync() =>
        AutoglmServe.StartAsync("--state", _folder, "--state-interval", "1", "--kv-memory", "512M", "--ctx", "32768", "--threads", "1");

    private string[] States() => Directory.GetFiles(_folder, "hot-*.prefixes");

    /// <summary>
    /// The state is written from time to time, one time after another: what is written second from now on was found after all that
    /// was asked, what is written first may have been found before.
    /// </summary>
    private async Task WaitForStateAsync(AutoglmServe server)
    {
        HashSet<DateTime> written = [Written()];
        for (int i = 0; i < 3000; i++)
        {
            written.Add(Written());
            if (written.Count > 2) return;
            await Task.Delay(100, TestContext.Current.CancellationToken);
            // Something new, so that there is something to write.
            if (i % 10 == 9) await AskAsync(server, "Who keeps it?");
        }

        Assert.Fail($"No state was written: {server.Log}");
    }

    private DateTime Written() => States() is [var file] ? File.GetLastWriteTimeUtc(file) : default;

    private static async Task<(string Text, int Prompt, int Cached)> AskAsync(AutoglmServe server, string question)
    {
        using HttpResponseMessage response = await server.Http.PostAsync("/v1/chat/completions", Body(question, tokens: 8, stream: false));
        JsonNode body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.True(response.IsSuccessStatusCode, body.ToJsonString());
        JsonNode usage = body["usage"]!;
        return ((string)body["choices"]![0]!["message"]!["content"]!, (int)usage["prompt_tokens"]!, (int)usage["prompt_tokens_details"]!["cached_tokens"]!);
    }

    private static Task<HttpResponseMessage> StreamAsync(AutoglmServe server, string question) =>
        server.Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Body(question, tokens: 32_000, stream: true) }, HttpCompletionOption.ResponseHeadersRead);

    private static async Task<string> ReadToEndAsync(HttpResponseMessage response)
    {
        StringBuilder text = new();
        try
        {
            using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync() is { } line) text.AppendLine(line);
        }
        catch (IOException)
        {
            // A connection that was reset ends here.
        }

        return text.ToString();
    }

    private static StringContent Body(string question, int tokens, bool stream) => new(
        new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "system", ["content"] = System }, new JsonObject { ["role"] = "user", ["content"] = question }),
            ["max_tokens"] = tokens,
            ["temperature"] = 0,
            ["ignore_eos"] = true,
            ["stream"] = stream,
        }.ToJsonString(),
        Encoding.UTF8,
        "application/json");
}
