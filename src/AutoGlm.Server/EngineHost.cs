using AutoGlm.Engine;
using AutoGlm.Server.Http;

namespace AutoGlm.Server;

/// <summary>How far a server is.</summary>
internal enum ServerState
{
    Loading,
    WarmingUp,
    Ready,
    Stopping,
}

/// <summary>The engine that requests use, once it is loaded and until the server stops.</summary>
internal sealed class EngineHost(ServerOptions options)
{
    private static readonly TimeSpan LoadingRetry = TimeSpan.FromSeconds(2);

    private volatile ServerState _state = ServerState.Loading;
    private volatile InferenceEngine? _engine;

    public ServerState State => _state;

    /// <summary>The engine, whatever the state; null while it is loading.</summary>
    public InferenceEngine? Loaded => _engine;

    /// <summary>The model's id.</summary>
    public string ModelId { get; } = options.Alias ?? Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(options.ModelPath));

    /// <summary>When the server began, in seconds since 1970.</summary>
    public long Created { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>Names the model's settings and weights.</summary>
    public string Fingerprint { get; private set; } = "";

    /// <summary>The engine, for new work.</summary>
    /// <exception cref="ApiException">It is loading, or the server is stopping.</exception>
    public InferenceEngine ForWork => (_state, _engine) switch
    {
        (ServerState.Stopping, _) => throw ApiException.ShuttingDown(),
        (_, { } engine) => engine,
        _ => throw ApiException.Unavailable("The model is being loaded; try again in a moment (GET /ready tells when).", "model_loading", LoadingRetry),
    };

    public void Attach(InferenceEngine engine)
    {
        Fingerprint = "fp_" + Convert.ToHexStringLower(engine.Fingerprint[..6]);
        _engine = engine;
        Advance(ServerState.WarmingUp);
    }

    /// <summary>Goes on to a later state; never back.</summary>
    public void Advance(ServerState state)
    {
        if (state > _state) _state = state;
    }

    /// <summary>A request's model: the one loaded under any name, unless the server is strict.</summary>
    /// <exception cref="ApiException">The server is strict and has no such model.</exception>
    public void CheckModel(string? model)
    {
        if (options.Strict && model is not null && model != ModelId) throw UnknownModel(model);
    }

    public ApiException UnknownModel(string model) =>
        ApiException.NotFound($"There is no model {JsonFields.Quote(model)}; there is '{ModelId}'.", "model", "model_not_found");
}
