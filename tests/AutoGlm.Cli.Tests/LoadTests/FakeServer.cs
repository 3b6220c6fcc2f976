using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AutoGlm.Cli.Tests.LoadTests;

/// <summary>Speaks as much of OpenAI's protocol as a load run needs: three pieces, or an error for prompts that ask for one.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly List<JsonNode> _requests = [];

    public FakeServer()
    {
        (_listener, Address) = Listen();
        _ = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>What has been asked so far; of clients that went away, more may come.</summary>
    public JsonNode[] Requests
    {
        get
        {
            lock (_requests) return [.. _requests];
        }
    }

    public void Dispose() => _listener.Close();

    /// <summary>The answer to <c>/v1/cache</c>; null where there is no such place.</summary>
    public string? Cache { get; init; }

    /// <summary>On a free port: a listener takes none by itself, and others may take the one that was found.</summary>
    private static (HttpListener Listener, Uri Address) Listen()
    {
        while (true)
        {
            HttpListener listener = new();
            Uri address = FreePort.Address();
            listener.Prefixes.Add(address.ToString());
            try
            {
                listener.Start();
                return (listener, address);
            }
            catch (HttpListenerException)
            {
                listener.Close();
            }
        }
    }

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

            try
            {
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Answer(context)));
                context.Response.Close();
            }
            catch (Exception error) when (error is HttpListenerException or IOException or ObjectDisposedException or JsonException)
            {
                // The client went away, perhaps in the middle of its request.
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
        lock (_requests) _requests.Add(request);
        if (request["messages"]!.AsArray().Count > 4)
        {
            context.Response.StatusCode = 400;
            return """{"error": {"message": "too long a conversation"}}""";
        }

        return string.Concat(new[] { "one", " two", " three" }.Select(piece => $$$"""data: {"choices": [{"delta": {"content": "{{{piece}}}"}}]}""" + "\n\n"))
            + """data: {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 40}}}""" + "\n\ndata: [DONE]\n\n";
    }
}
