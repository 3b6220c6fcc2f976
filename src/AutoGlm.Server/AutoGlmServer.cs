using System.Diagnostics;
using System.Net;
using AutoGlm.Engine;
using AutoGlm.Engine.Warmup;
using AutoGlm.Server.Endpoints;
using AutoGlm.Server.Http;
using AutoGlm.Server.Observability;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Metrics;

namespace AutoGlm.Server;

/// <summary>
/// An OpenAI-compatible HTTP server over an engine. It listens from the start, answers 503 while the model loads, and takes no
/// new work once it is told to stop.
/// </summary>
public sealed class AutoGlmServer : IAsyncDisposable
{
    /// <summary>How long connections may take to close once their answers have ended.</summary>
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly ServerOptions _options;
    private readonly EngineHost _host;
    private readonly ILogger _log;
    private readonly long _began = Stopwatch.GetTimestamp();
    private InferenceEngine? _engine;
    private bool _stopped;

    private AutoGlmServer(WebApplication app, ServerOptions options)
    {
        _app = app;
        _options = options;
        _host = app.Services.GetRequiredService<EngineHost>();
        _log = app.Services.GetRequiredService<ILogger<AutoGlmServer>>();
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        ServerLog.Listening(_log, Address);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>The model's id.</summary>
    public string ModelId => _host.ModelId;

    /// <summary>The engine, once it is loaded.</summary>
    public InferenceEngine? Engine => _engine;

    /// <summary>Listens; the model is still to be loaded.</summary>
    /// <exception cref="IOException">The address is taken, or is none of this machine.</exception>
    /// <exception cref="ArgumentException">A setting is outside its range.</exception>
    public static async Task<AutoGlmServer> ListenAsync(ServerOptions options, CancellationToken cancellation = default)
    {
        options.Validate();
        IPAddress address = ParseHost(options.Host);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options, address));
        ServerSetup.AddServices(builder, options);
        WebApplication app = builder.Build();
        try
        {
            ServerSetup.Map(app, options);
            await app.StartAsync(cancellation);
            return new AutoGlmServer(app, options);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Loads the model and warms it up; ready afterwards.</summary>
    /// <param name="progress">Told the fraction loaded, 0 to 1.</param>
    /// <param name="cancellation">Ends loading early.</param>
    /// <exception cref="InvalidDataException">The warm-up file is malformed, or names a key that the server does not have.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="Formats.ModelFormatException">It is no model, an unsound one, or of an unknown architecture.</exception>
    public async Task LoadAsync(IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        // What is wrong with the prompts is known before the model, which takes longer, is loaded.
        IReadOnlyList<WarmupPrompt> prompts = WarmUp.Read(_options, _app.Services.GetRequiredService<ApiKeys>());
        _engine = await InferenceEngine.LoadAsync(_options.ModelPath, _options.Engine with { StateFolder = _options.StateFolder }, progress, cancellation);
        KvCache.CacheStatistics cache = _engine.GetStatistics().Cache;
        ServerLog.Loaded(_log, ModelId, _engine.BackendName, _engine.Context, cache.Blocks, cache.BlockTokens, _engine.KvMemory.Bytes >> 20, _engine.KvMemory.Reason);
        foreach (string notice in _engine.Notices) ServerLog.LoadNotice(_log, notice);
        _host.Attach(_engine);
        await WarmUp.RunAsync(_engine, prompts, _log, cancellation);
        _host.Advance(ServerState.Ready);
        ServerLog.Ready(_log, Stopwatch.GetElapsedTime(_began).TotalSeconds);
    }

    /// <summary>Takes no new work, lets running answers finish within the grace period, tells the rest, and closes.</summary>
    /// <param name="cancellation">Ends the grace period early.</param>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        if (_stopped) return;
        _stopped = true;
        ServerLog.Stopping(_log, _options.Grace.TotalSeconds);
        _host.Advance(ServerState.Stopping);
        if (_engine is not null) await _engine.StopAsync(_options.Grace, cancellation);
        using CancellationTokenSource closing = new(CloseTime);
        await _app.StopAsync(closing.Token);
        ServerLog.Stopped(_log);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        if (_engine is not null) await _engine.DisposeAsync();
    }

    private static IPAddress ParseHost(string host)
    {
        if (host is "localhost") return IPAddress.Loopback;
        if (host is "*" or "+") return IPAddress.Any;
        return IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) ? address
            : throw new ArgumentException($"--host {host}: should be an IP address of this machine, such as 127.0.0.1 or 0.0.0.0, or localhost.");
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options, IPAddress address)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowAlternateSchemes = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        // Slow readers are the event streams' business, which know whether there is anything to read.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Listen(address, options.Port, endpoint => endpoint.Protocols = HttpProtocols.Http1);
    }
}
