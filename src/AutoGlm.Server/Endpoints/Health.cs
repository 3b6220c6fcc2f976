using AutoGlm.Server.Http;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>GET /health</c>: the model is loaded; <c>GET /ready</c>: it is warm too, and the server is not stopping.</summary>
internal sealed class Health(Serving serving)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    public Task HealthAsync(HttpContext context)
    {
        if (serving.Host.Loaded is null) throw ApiException.Unavailable("The model is being loaded.", "model_loading", Retry);
        return context.WriteJsonAsync(new HealthResponse("ok"), ProtocolJson.Wire.HealthResponse);
    }

    public Task ReadyAsync(HttpContext context) => serving.Host.State switch
    {
        ServerState.Ready => context.WriteJsonAsync(new HealthResponse("ready"), ProtocolJson.Wire.HealthResponse),
        ServerState.Loading => throw ApiException.Unavailable("The model is being loaded.", "model_loading", Retry),
        ServerState.WarmingUp => throw ApiException.Unavailable("The server is warming up.", "warming_up", Retry),
        _ => throw ApiException.ShuttingDown(),
    };
}
