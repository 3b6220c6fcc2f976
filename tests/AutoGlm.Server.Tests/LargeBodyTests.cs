using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Tests;

/// <summary>Large bodies and large answers take memory: for how long is not for clients to say.</summary>
public class LargeBodyTests
{
    private const string Small = """{"prompt":"Once","max_tokens":2}""";

    private static readonly string Large = JsonSerializer.Serialize(new { prompt = new string(' ', 2 * LargeBodies.LeastBytes), max_tokens = 2 });

    [Fact]
    public async Task Those_that_send_slowly_hold_up_large_bodies_for_a_while_and_small_ones_not_at_all()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Options with { LargeBodyTime = TimeSpan.FromSeconds(2) });
        using HttpClient http = new() { BaseAddress = server.Address };
        using Socket first = await SendAsync(server, Large.Length, Large[..^1]), second = await SendAsync(server, Large.Length, Large[..^1]);

        (int status, _) = await ServerFixture.PostAsync(http, "/v1/completions", Small);
        string late = await ReadAsync(first);
        (int large, JsonElement body) = await PostInTurnAsync(http);

        Assert.Equal(200, status);
        Assert.StartsWith("HTTP/1.1 408 ", late);
        Assert.Contains("\"body_timeout\"", late);
        Assert.Equal((400, "context_length_exceeded"), (large, body.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Who_waits_for_a_turn_too_long_is_told()
    {
        using LargeBodies bodies = new(ServerFixture.Options with { LargeBodyTime = TimeSpan.FromMilliseconds(50) });
        await bodies.EnterAsync(new Microsoft.AspNetCore.Http.DefaultHttpContext());
        LargeBodyTurn second = await bodies.EnterAsync(new Microsoft.AspNetCore.Http.DefaultHttpContext());

        ApiException busy = await Assert.ThrowsAsync<ApiException>(() => bodies.EnterAsync(new Microsoft.AspNetCore.Http.DefaultHttpContext()));
        second.Dispose();
        second.Dispose();
        await bodies.EnterAsync(new Microsoft.AspNetCore.Http.DefaultHttpContext());
        await Assert.ThrowsAsync<ApiException>(() => bodies.EnterAsync(new Microsoft.AspNetCore.Http.DefaultHttpContext()));

        Assert.Equal((503, "busy"), (busy.Status, busy.Code));
        Assert.NotNull(busy.RetryAfter);
    }

    [Fact]
    public async Task A_turn_ends_when_the_answer_begins()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Roomy);
        using HttpClient http = new() { BaseAddress = server.Address };
        string padding = new(' ', 2 * LargeBodies.LeastBytes);
        string running = ServerFixture.Long[..^1] + padding + "}";
        using HttpResponseMessage first = await ServerFixture.SendAsync(http, "/v1/completions", running), second = await ServerFixture.SendAsync(http, "/v1/completions", running);

        (int status, _) = await ServerFixture.PostAsync(http, "/v1/completions", $$"""{"prompt":"Once","max_tokens":2{{padding}}}""");

        Assert.Equal(200, status);
        await ServerFixture.EventuallyAsync(() => server.Engine!.GetStatistics().Running == 2, "the answers do not go on");
    }

    [Fact]
    public async Task A_whole_answer_that_nobody_reads_is_dropped()
    {
        await using AutoGlmServer server = await ServerFixture.StartAsync(ServerFixture.Options with { WriteTimeout = TimeSpan.FromSeconds(1), LogLevel = Microsoft.Extensions.Logging.LogLevel.Error });
        string request = JsonSerializer.Serialize(new { input = Enumerable.Range(0, 1024).Select(i => new[] { i }) });
        using Socket socket = await SendAsync(server, request.Length, request, "/v1/embeddings");
        await ServerFixture.EventuallyAsync(() => socket.Available > 0, "the answer does not begin");
        await ServerFixture.EventuallyAsync(() => !IsOpen(socket), "the client that reads nothing is not dropped");

        string read = await ReadAsync(socket);

        Assert.StartsWith("HTTP/1.1 200 ", read);
        Assert.DoesNotContain("\"usage\"", read);
    }

    private static async Task<Socket> SendAsync(AutoGlmServer server, int length, string body, string path = "/v1/completions")
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        await socket.SendAsync(Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"));
        return socket;
    }

    /// <summary>Asks until it is neither too busy for a large body nor held up in the middle of it.</summary>
    private static async Task<(int Status, JsonElement Body)> PostInTurnAsync(HttpClient http)
    {
        while (true)
        {
            (int status, JsonElement body) = await ServerFixture.PostAsync(http, "/v1/completions", Large);
            if (status is not (408 or 503)) return (status, body);
        }
    }

    /// <summary>Whether neither side has ended the connection, though there is more to read of it.</summary>
    private static bool IsOpen(Socket socket)
    {
        (int here, int there) = (((IPEndPoint)socket.LocalEndPoint!).Port, ((IPEndPoint)socket.RemoteEndPoint!).Port);
        return IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
            .Any(connection => (connection.LocalEndPoint.Port, connection.RemoteEndPoint.Port, connection.State) == (here, there, TcpState.Established));
    }

    /// <summary>What comes until the connection ends, for minutes at most.</summary>
    private static async Task<string> ReadAsync(Socket socket)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[1 << 16];
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(5));
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer, patience.Token)) > 0;) text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        catch (SocketException)
        {
            // A connection that was reset ends here.
        }

        return text.ToString();
    }
}
