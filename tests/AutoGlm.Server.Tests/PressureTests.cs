using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace AutoGlm.Server.Tests;

/// <summary>A server that is busy, that stops, and whose clients are slow.</summary>
public class PressureTests
{
    private const string Short = """{"prompt":"Once","max_tokens":2,"ignore_eos":true,"stream":true}""";

    /// <summary>One answer at a time.</summary>
    private static ServerOptions Narrow => ServerFixture.Roomy with { Engine = ServerFixture.Roomy.Engine with { MaxSequences = 1, MaxWaiting = 1 } };

    [Fact]
    public async Task A_full_queue_is_told_with_when_to_come_again_and_who_waits_hears_that_it_does()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(Narrow with { KeepAlive = TimeSpan.FromMilliseconds(50) });
        using HttpClient http = new() { BaseAddress = server.Address };
        using HttpResponseMessage running = await ServerFixture.SendAsync(http, "/v1/completions", ServerFixture.Long);
        await ServerFixture.EventuallyAsync(() => server.Engine!.GetStatistics().Running == 1, "the answer does not begin");
        Task<HttpResponseMessage> waiting = ServerFixture.SendAsync(http, "/v1/completions", Short);
        await ServerFixture.EventuallyAsync(() => server.Engine!.GetStatistics().Waiting == 1, "nobody waits");

        using HttpResponseMessage refused = await ServerFixture.SendAsync(http, "/v1/completions", Short);
        string error = await refused.Content.ReadAsStringAsync();
        using HttpResponseMessage waited = await waiting;
        using StreamReader reader = new(await waited.Content.ReadAsStreamAsync());
        string? first = await reader.ReadLineAsync();
        running.Dispose();
        string rest = await reader.ReadToEndAsync();

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        Assert.Contains("\"queue_full\"", error);
        Assert.Equal(": keep-alive", first);
        Assert.EndsWith("data: [DONE]\n\n", rest);
    }

    [Fact]
    public async Task Who_runs_finishes_when_the_server_stops_and_who_comes_is_sent_away()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Roomy with { Grace = TimeSpan.FromMinutes(2) });
        using HttpClient http = new() { BaseAddress = server.Address };
        HttpResponseMessage longer = await ServerFixture.SendAsync(http, "/v1/completions", ServerFixture.Long);
        using HttpResponseMessage running = await ServerFixture.SendAsync(http, "/v1/completions", """{"prompt":"Once","max_tokens":200,"ignore_eos":true,"stream":true}""");

        Task stopping = server.StopAsync();
        (int status, JsonElement body) = await ServerFixture.PostAsync(http, "/v1/completions", Short);
        string answer = await running.Content.ReadAsStringAsync();
        longer.Dispose();
        await stopping;

        Assert.Equal((503, "shutting_down"), (status, body.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains("\"finish_reason\":\"length\"", answer);
        Assert.EndsWith("data: [DONE]\n\n", answer);
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("/health"));
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"Once","max_tokens":32000,"ignore_eos":true,"stream":true}""", "data: {\"error\":{")]
    [InlineData("/v1/responses", """{"input":"Once","max_output_tokens":32000,"ignore_eos":true,"stream":true}""", "event: response.failed\ndata: {\"type\":\"response.failed\"")]
    public async Task Who_runs_is_told_when_the_grace_is_over(string path, string request, string last)
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Roomy with { Grace = TimeSpan.Zero });
        using HttpClient http = new() { BaseAddress = server.Address };
        using HttpResponseMessage running = await ServerFixture.SendAsync(http, path, request);

        await server.StopAsync();
        string answer = await running.Content.ReadAsStringAsync();

        string end = answer.TrimEnd()[(answer.TrimEnd().LastIndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        Assert.StartsWith(last, end);
        Assert.Contains("\"shutting_down\"", end);
    }

    [Fact]
    public async Task A_slow_reader_is_dropped_while_others_go_on()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Roomy with { WriteTimeout = TimeSpan.FromSeconds(1), LogLevel = Microsoft.Extensions.Logging.LogLevel.Error });
        using HttpClient http = new() { BaseAddress = server.Address };
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        // Twenty alternatives to each token, two kilobytes: more than the system's buffers hold.
        string body = """{"messages":[{"role":"user","content":"Go on"}],"n":6,"max_tokens":32000,"ignore_eos":true,"logprobs":true,"top_logprobs":20,"stream":true}""";
        await socket.SendAsync(Encoding.UTF8.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        await ServerFixture.EventuallyAsync(() => server.Engine!.GetStatistics().Running > 0, "the answers do not begin");

        (int status, _) = await ServerFixture.PostAsync(http, "/v1/completions", """{"prompt":"Once","max_tokens":2}""");
        await ServerFixture.EventuallyAsync(() => server.Engine!.GetStatistics() is { Running: 0, Cache.BlocksInUse: 0 }, "the answers go on without their reader");

        Assert.Equal(200, status);
        Assert.DoesNotContain("[DONE]", await ReadAllAsync(socket));
        Assert.Equal(200, (await ServerFixture.PostAsync(http, "/v1/completions", """{"prompt":"Once","max_tokens":2}""")).Status);
    }

    private static async Task<string> ReadAllAsync(Socket socket)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[1 << 16];
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer)) > 0;) text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        catch (SocketException)
        {
            // A connection that was reset ends here.
        }

        return text.ToString();
    }
}
