using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests.LoadTests;

/// <summary>Speaks as much of OpenAI's protocol as a load run needs: three pieces, or an error for prompts that ask for one.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly HttpListener _listener = new();

    public FakeServer()
    {
        using (System.Net.Sockets.TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        }

        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _ = ServeAsync();
    }

    public Uri Address { get; }

    public List<JsonNode> Requests { get; } = [];

    public void Dispose() => _listener.Close();

    /// <summary>The answer to <c>/v1/cache</c>; null where there is no such place.</summary>
    public string? Cache { get; init; }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            byte[] answer = Encoding.UTF8.GetBytes(Answer(context));
            try
            {
                await context.Response.OutputStream.WriteAsync(answer);
                context.Response.Close();
            }
            catch (Exception error) when (error is HttpListenerException or IOException)
            {
                // The client went away.
            }
        }
    }

    private string Answer(HttpListenerContext context)
    {
        if (context.Request.Url!.AbsolutePath == "/v1/models") return """{"data": [{"id": "fake"}]}""";
        if (context.Request.Url.AbsolutePath == "/v1/cache")
        {
            if (Cache is null) context.Response.StatusCode = 404;
            return Cache ?? "{}";
        }

        JsonNode request = JsonNode.Parse(context.Request.InputStream)!;
        lock (Requests) Requests.Add(request);
        if (request["messages"]!.AsArray().Count > 4)
        {
            context.Response.StatusCode = 400;
            return """{"error": {"message": "too long a conversation"}}""";
        }

        return string.Concat(new[] { "one", " two", " three" }.Select(piece => $$$"""data: {"choices": [{"delta": {"content": "{{{piece}}}"}}]}""" + "\n\n"))
            + """data: {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 40}}}""" + "\n\ndata: [DONE]\n\n";
    }
}
