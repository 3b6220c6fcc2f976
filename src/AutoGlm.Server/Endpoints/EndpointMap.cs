using AutoGlm.Server.Protocol;
using Microsoft.AspNetCore.Http.Metadata;

namespace AutoGlm.Server.Endpoints;

/// <summary>Registers endpoints with what the OpenAPI document tells of them.</summary>
/// <param name="app">Where.</param>
/// <param name="tag">The document's group.</param>
internal sealed class EndpointMap(WebApplication app, string tag)
{
    private static readonly int[] Errors = [400, 401, 404, 429, 503];

    /// <summary>An endpoint without a body.</summary>
    /// <typeparam name="TAnswer">What it answers.</typeparam>
    public void Get<TAnswer>(string path, RequestDelegate handle, string summary) => Describe<TAnswer>(app.MapGet(path, handle), handle, summary);

    public void Delete<TAnswer>(string path, RequestDelegate handle, string summary) => Describe<TAnswer>(app.MapDelete(path, handle), handle, summary);

    /// <summary>An endpoint that reads JSON.</summary>
    /// <typeparam name="TBody">What it reads.</typeparam>
    /// <typeparam name="TAnswer">What it answers.</typeparam>
    public void Post<TBody, TAnswer>(string path, RequestDelegate handle, string summary) =>
        Describe<TAnswer>(app.MapPost(path, handle), handle, summary).WithMetadata(new AcceptsMetadata(["application/json"], typeof(TBody)));

    /// <summary>The same under another path, of which the document says nothing.</summary>
    public void Alias(string path, RequestDelegate handle, string method) => app.MapMethods(path, [method], handle).ExcludeFromDescription();

    /// <summary>The document is made of endpoints that tell their method: plain delegates do not by themselves.</summary>
    private IEndpointConventionBuilder Describe<TAnswer>(IEndpointConventionBuilder endpoint, RequestDelegate handle, string summary)
    {
        endpoint.WithMetadata(handle.Method, new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(TAnswer), ["application/json"]));
        foreach (int status in Errors) endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ErrorResponse), ["application/json"]));
        return endpoint.WithSummary(summary).WithTags(tag);
    }
}
