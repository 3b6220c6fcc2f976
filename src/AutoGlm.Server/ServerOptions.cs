using AutoGlm.Engine;

namespace AutoGlm.Server;

/// <summary>How a server is set up. The defaults serve one user on this machine.</summary>
public sealed record ServerOptions
{
    /// <summary>The model: a .gguf file or a Hugging Face folder.</summary>
    public required string ModelPath { get; init; }

    /// <summary>How it is loaded and run.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>Address to listen on: an IP address, or localhost.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 takes a free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Keys that clients must send one of, as <c>Authorization: Bearer KEY</c>; none where empty.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>The model's id; null for its file's name.</summary>
    public string? Alias { get; init; }

    /// <summary>Origins of web pages that may use the server, or * for all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>True to refuse fields and model ids that are unknown, instead of ignoring them.</summary>
    public bool Strict { get; init; }

    /// <summary>
    /// Conversations to compute before the server is ready, a JSON object a line (<see cref="Engine.Warmup.WarmupPrompt.ReadFile"/>); the
    /// "tenant" of a line is one of <see cref="ApiKeys"/>, and a line without one is for all of them. Null for none.
    /// </summary>
    public string? WarmUpFile { get; init; }

    /// <summary>
    /// Where hot beginnings of prompts, as token ids, are kept from one run to the next, with the secret that tenants' salts are made
    /// with. Null keeps no beginnings, and the secret in the user's own application data.
    /// </summary>
    public string? StateFolder { get; init; }

    /// <summary>Most bytes of a request's body.</summary>
    public long MaxBodyBytes { get; init; } = 16 << 20;

    /// <summary>
    /// How long a body of over 256 KiB may have to wait for its turn, since two are read at a time, and how long it may come more slowly
    /// than 64 KiB a second.
    /// </summary>
    public TimeSpan LargeBodyTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most connections at a time.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>A stream that has nothing to tell for so long sends a comment, so that nobody takes it for dead.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A client that reads nothing for so long while there is more to send is dropped.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long running answers may take to finish when the server stops.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most responses that <c>/v1/responses</c> remembers of each tenant; the oldest are forgotten.</summary>
    public int StoredResponses { get; init; } = 1024;

    /// <summary>Most bytes that those of a tenant take together.</summary>
    public long StoredResponseBytes { get; init; } = 64 << 20;

    /// <summary>Log lines as JSON.</summary>
    public bool JsonLog { get; init; }

    /// <summary>The least that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>True to log prompts, which may hold what nobody else should read.</summary>
    public bool LogPrompts { get; init; }

    /// <exception cref="ArgumentException">A setting is outside its range.</exception>
    internal void Validate()
    {
        if (Port is < 0 or > 65535) throw new ArgumentException($"The port is {Port}; it should be between 0 and 65535.");
        if (MaxBodyBytes < 1024) throw new ArgumentException($"The largest body is {MaxBodyBytes} bytes; it should be at least 1024.");
        if (ApiKeys.Any(key => key.Length == 0 || key.Any(c => c is <= ' ' or > '~'))) throw new ArgumentException("An API key is empty, or holds spaces or characters outside ASCII; make it of letters, digits and signs.");
        if (CorsOrigins.FirstOrDefault(origin => origin != "*" && !IsOrigin(origin)) is { } wrong) throw new ArgumentException($"'{wrong}' is no origin; it should be like http://localhost:3000, or *.");
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && text.TrimEnd('/') == uri.GetLeftPart(UriPartial.Authority);
}
