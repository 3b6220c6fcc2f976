using AutoGlm.Engine;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Endpoints;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>.</summary>
internal sealed class ModelEndpoints(Serving serving)
{
    public Task ListAsync(HttpContext context) => context.WriteJsonAsync(new ModelList([Describe()]), ProtocolJson.Wire.ModelList);

    public Task GetAsync(HttpContext context)
    {
        string id = (string)context.Request.RouteValues["id"]!;
        if (id != serving.Host.ModelId) throw serving.Host.UnknownModel(id);
        return context.WriteJsonAsync(Describe(), ProtocolJson.Wire.ModelInfo);
    }

    private ModelInfo Describe()
    {
        InferenceEngine engine = serving.Host.ForWork;
        return new ModelInfo(serving.Host.ModelId, serving.Host.Created, new ModelMeta(
            engine.Model.Architecture,
            engine.Model.Vocabulary,
            engine.Context,
            engine.Model.ModelContext,
            engine.Model.Layers,
            engine.Model.FileBytes,
            engine.BackendName));
    }
}
