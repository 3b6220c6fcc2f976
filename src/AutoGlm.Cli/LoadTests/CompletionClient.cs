using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AutoGlm.Cli.LoadTests;

/// <summary>Asks an OpenAI-compatible server for streamed chat completions, and times them.</summary>
internal sealed class CompletionClient : IDisposable
{
    /// <summary>How long whoever leaves before the first piece stays: long enough for the request to have come.</summary>
    private static readonly TimeSpan LeaveTime = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a server may take to let go of what nobody waits for any more.</summary>
    private static readonly TimeSpan RestTime = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly string _model;

    /// <param name="server">Its address, without /v1.</param>
    /// <param name="model">The model's name there; null asks the server.</param>
    /// <param name="apiKey">The key to show; null for none.</param>
    public CompletionClient(Uri server, string? model, string? apiKey)
    {
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 4096 }) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        if (apiKey is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        _model = model ?? "";
    }

    /// <summary>The first model that the server names.</summary>
    /// <exception cref="CommandFailure">It does not answer, or names none.</exception>
    public static async Task<string> FirstModelAsync(Uri server, string? apiKey, CancellationToken cancellation)
    {
        using CompletionClient client = new(server, null, apiKey);
        JsonNode? models;
        try
        {
            models = await client._http.GetFromJsonAsync<JsonNode>("v1/models", cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException)
        {
            throw new CommandFailure($"{server}v1/models: {error.Message} Is a server there, ready, and with this API key?");
        }

        return models?["data"]?[0]?["id"]?.GetValue<string>() ?? throw new CommandFailure($"{server}v1/models names no model");
    }

    /// <summary>One request; what goes wrong is in the outcome.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="tokens">Tokens to generate; servers that know <c>ignore_eos</c> generate just as many.</param>
    /// <param name="dropAt">After how many pieces to go away, 0 for before the first; null for never.</param>
    /// <param name="clock">The run's clock.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<RequestOutcome> AskAsync(IReadOnlyList<(string Role, string Text)> messages, int tokens, int? dropAt, Stopwatch clock, CancellationToken cancellation)
    {
        TimeSpan sent = clock.Elapsed;
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "v1/chat/completions") { Content = JsonContent.Create(Body(messages, tokens)) };
            using CancellationTokenSource leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Task<HttpResponseMessage> sending = _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            if (dropAt == 0) return await LeaveAsync(sending, leaving);
            using HttpResponseMessage response = await sending;
            if (!response.IsSuccessStatusCode)
                return Failed($"{(int)response.StatusCode}: {Output.PlainText.Abridged(await response.Content.ReadAsStringAsync(cancellation), 200)}");
            return await ReadAsync(response, dropAt, sent, clock, cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            return Failed(error.Message);
        }

        async Task<RequestOutcome> LeaveAsync(Task<HttpResponseMessage> sending, CancellationTokenSource leaving)
        {
            await Task.WhenAny(sending, Task.Delay(LeaveTime, cancellation));
            await leaving.CancelAsync();
            try
            {
                (await sending).Dispose();
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // So it was meant.
            }

            return new RequestOutcome { Sent = sent, Duration = clock.Elapsed - sent, IsDropped = true };
        }

        RequestOutcome Failed(string error) => new() { Sent = sent, Duration = clock.Elapsed - sent, Error = error };
    }

    /// <summary>Where the server's KV blocks are once it is at rest; null where it does not tell.</summary>
    public async Task<BlockAccount?> AccountAsync(CancellationToken cancellation)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            BlockAccount? account = await ReadAccountAsync(cancellation);
            if (account is null || account.Holds || waited.Elapsed > RestTime) return account;
            await Task.Delay(LeaveTime, cancellation);
        }
    }

    /// <summary>Where the server's KV blocks are now; null where it does not tell.</summary>
    public async Task<BlockAccount?> ReadAccountAsync(CancellationToken cancellation)
    {
        try
        {
            return BlockAccount.Of(await _http.GetFromJsonAsync<JsonNode>("v1/cache", cancellation));
        }
        catch (Exception error) when (error is HttpRequestException or JsonException)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private object Body(IReadOnlyList<(string Role, string Text)> messages, int tokens) => new
    {
        model = _model,
        messages = messages.Select(message => new { role = message.Role, content = message.Text }),
        max_tokens = tokens,
        temperature = 0,
        stream = true,
        stream_options = new { include_usage = true },
        ignore_eos = true,
    };

    private static async Task<RequestOutcome> ReadAsync(HttpResponseMessage response, int? dropAt, TimeSpan sent, Stopwatch clock, CancellationToken cancellation)
    {
        using StreamReader lines = new(await response.Content.ReadAsStreamAsync(cancellation));
        TimeSpan first = TimeSpan.Zero;
        System.Text.StringBuilder text = new();
        int pieces = 0;
        bool dropped = false;
        JsonNode? usage = null;
        while (await lines.ReadLineAsync(cancellation) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal) || line == "data: [DONE]") continue;
            JsonNode? chunk = JsonNode.Parse(line[6..]);
            if (chunk?["error"] is { } error) return new RequestOutcome { Sent = sent, Duration = clock.Elapsed - sent, Error = error.ToJsonString() };
            if (chunk?["usage"] is { } counted) usage = counted;
            JsonNode? delta = chunk?["choices"] is JsonArray { Count: > 0 } choices ? choices[0]?["delta"] : null;
            if ((delta?["content"] ?? delta?["reasoning_content"])?.GetValue<string>() is not { Length: > 0 } piece) continue;
            if (pieces++ == 0) first = clock.Elapsed - sent;
            text.Append(piece);
            if (dropped = pieces == dropAt) break;
        }

        TimeSpan duration = clock.Elapsed - sent;
        return new RequestOutcome
        {
            Sent = sent,
            Duration = duration,
            FirstToken = pieces > 0 ? first : duration,
            Text = text.ToString(),
            IsDropped = dropped,
            Tokens = usage?["completion_tokens"]?.GetValue<int>() ?? pieces,
            PromptTokens = usage?["prompt_tokens"]?.GetValue<int>() ?? 0,
            CachedTokens = usage?["prompt_tokens_details"]?["cached_tokens"]?.GetValue<int>() ?? 0,
        };
    }
}
