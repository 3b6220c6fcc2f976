using AutoGlm.Server.Protocol;

namespace AutoGlm.Server.Http;

/// <summary>A request that is answered by an error.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What is wrong, and what would be right.</param>
/// <param name="type">OpenAI's kind of error; null for the usual one of the status.</param>
/// <param name="param">The field that is wrong.</param>
/// <param name="code">A word for programs.</param>
/// <param name="inner">What it comes from.</param>
internal sealed class ApiException(int status, string message, string? type = null, string? param = null, string? code = null, Exception? inner = null)
    : Exception(message, inner)
{
    public int Status { get; } = status;

    public string Type { get; } = type ?? status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    public string? Param { get; } = param;

    public string? Code { get; } = code;

    /// <summary>When to try again; null where that would not help.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public ErrorResponse ToResponse() => new(new ErrorDetail(Message, Type, Param, Code));

    /// <summary>A field of the request is wrong.</summary>
    public static ApiException Invalid(string? param, string message, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message, param: param, code: code);

    public static ApiException NotFound(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status404NotFound, message, param: param, code: code);

    /// <summary>Not now: loading, or shutting down.</summary>
    public static ApiException Unavailable(string message, string code, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, message, code: code) { RetryAfter = retryAfter };

    public static ApiException ShuttingDown() => Unavailable(
        "The server is shutting down; ask another one, or try again once it has started anew.", "shutting_down", TimeSpan.FromSeconds(10));
}
