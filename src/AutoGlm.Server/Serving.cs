using AutoGlm.Server.Observability;

namespace AutoGlm.Server;

/// <summary>What all endpoints work with.</summary>
internal sealed class Serving(EngineHost host, ServerOptions options, ServerMetrics metrics, ILogger<Serving> log)
{
    public EngineHost Host => host;

    public ServerOptions Options => options;

    public ServerMetrics Metrics => metrics;

    public ILogger Log => log;
}
