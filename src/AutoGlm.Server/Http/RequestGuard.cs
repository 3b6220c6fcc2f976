using System.Diagnostics;
using System.Text.Json;
using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Http;

/// <summary>
/// Around every request: gives it an id, turns what goes wrong into OpenAI's shape of error, refuses pages of other origins and
/// clients without a key, and logs how it ended.
/// </summary>
internal sealed class RequestGuard(RequestDelegate next, ServerOptions options, ApiKeys keys, ILogger<RequestGuard> log)
{
    private const int ClientClosedRequest = 499;

    /// <summary>Asked all day by what watches over servers: not worth a line each time.</summary>
    private static readonly string[] Probes = ["/health", "/ready", "/metrics"];

    /// <summary>Paths that tell of the server and its interface, and nothing of anyone's content.</summary>
    private static readonly string[] Open = ["/", "/health", "/ready", "/openapi.json"];

    public async Task InvokeAsync(HttpContext context)
    {
        long began = Stopwatch.GetTimestamp();
        context.TraceIdentifier = "req_" + Guid.NewGuid().ToString("N");
        context.Response.Headers["x-request-id"] = context.TraceIdentifier;
        // Probes and proxies may ask for headers alone; the body is left out by the connection.
        if (HttpMethods.IsHead(context.Request.Method)) context.Request.Method = HttpMethods.Get;
        try
        {
            RefuseOtherOrigins(context.Request);
            if (!Open.Contains(context.Request.Path.Value)) context.Items[typeof(Tenant)] = new Tenant(keys.Authenticate(context.Request));
            await next(context);
            await DescribeStatusAsync(context);
        }
        catch (Exception error) when (IsGone(context, error))
        {
            ServerLog.ClientGone(log, context.TraceIdentifier);
            if (!context.Response.HasStarted) context.Response.StatusCode = ClientClosedRequest;
        }
        catch (Exception error)
        {
            await WriteAsync(context, Describe(context, error));
        }

        LogLevel level = Probes.Contains(context.Request.Path.Value) ? LogLevel.Debug : LogLevel.Information;
        ServerLog.Request(log, level, context.Request.Method, context.Request.Path, context.Response.StatusCode, (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds, context.TraceIdentifier);
    }

    /// <summary>As the client is told; what is the server's own fault is logged.</summary>
    internal ApiException Describe(HttpContext context, Exception error)
    {
        ApiException api = ErrorMap.ToApi(error);
        if (api.Status == StatusCodes.Status500InternalServerError) ServerLog.Failed(log, error, context.TraceIdentifier);
        return api;
    }

    /// <summary>An error where nothing was sent yet; else the connection ends, which is all that can be told.</summary>
    private static async Task WriteAsync(HttpContext context, ApiException error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        string id = context.TraceIdentifier;
        context.Response.Headers.Remove("Content-Length");
        context.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } after) context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (error.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        context.Response.Headers["x-request-id"] = id;
        await context.Response.WriteAsJsonAsync(error.ToResponse(), ProtocolJson.Wire.ErrorResponse, cancellationToken: context.RequestAborted);
    }

    /// <summary>What routing alone decided has no body yet.</summary>
    private static Task DescribeStatusAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (context.Response.HasStarted || context.Response.ContentType is not null) return Task.CompletedTask;
        string path = JsonFields.Quote(request.Path.Value ?? "");
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => WriteAsync(context, ApiException.NotFound($"There is no {path} here; GET /openapi.json lists what there is.", code: "unknown_url")),
            StatusCodes.Status405MethodNotAllowed => WriteAsync(context, new ApiException(StatusCodes.Status405MethodNotAllowed, $"{path} does not take {JsonFields.Quote(request.Method)}; it takes {context.Response.Headers.Allow}.", code: "method_not_allowed")),
            StatusCodes.Status415UnsupportedMediaType => WriteAsync(context, RequestBody.UnsupportedType()),
            _ => Task.CompletedTask,
        };
    }

    /// <summary>Any page in a browser may send requests to this machine; those that nobody allowed are refused.</summary>
    private void RefuseOtherOrigins(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        if (origin.Length == 0 || options.CorsOrigins.Contains("*")) return;
        if (options.CorsOrigins.Any(allowed => string.Equals(allowed.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase))) return;
        if (string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)) return;
        throw new ApiException(StatusCodes.Status403Forbidden, $"Pages of {JsonFields.Quote(origin)} may not use this server; start it with --cors {(origin.Length > 100 ? "ORIGIN" : origin)} to allow them.", code: "origin_not_allowed");
    }

    private static bool IsGone(HttpContext context, Exception error) =>
        context.RequestAborted.IsCancellationRequested && error is OperationCanceledException or IOException or ClientGoneException
        || error is Microsoft.AspNetCore.Connections.ConnectionResetException or ClientGoneException;
}

/// <summary>Who asks: a name that the server made of an API key.</summary>
internal sealed record Tenant(string Name)
{
    public static string Of(HttpContext context) => (context.Items[typeof(Tenant)] as Tenant)?.Name ?? "";
}

/// <summary>The client does not read, or is not there any more.</summary>
internal sealed class ClientGoneException() : Exception("The client went away.");
