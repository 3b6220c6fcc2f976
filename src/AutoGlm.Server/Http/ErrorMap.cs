using System.Text.Json;
using AutoGlm.Engine;
using AutoGlm.Formats.Chat;

namespace AutoGlm.Server.Http;

/// <summary>Errors of the engine and of HTTP, as the error a client gets.</summary>
internal static class ErrorMap
{
    /// <summary>The client's part of an error; what is a fault of the server says nothing of its inside.</summary>
    public static ApiException ToApi(Exception error) => error switch
    {
        ApiException api => api,
        ContextLengthException context => ApiException.Invalid(null, context.Message, "context_length_exceeded"),
        ChatTemplateException template => ApiException.Invalid("messages", $"The model's chat template refuses the conversation: {template.Message}", "chat_template_error"),
        ObjectDisposedException or EngineStoppingException => ApiException.ShuttingDown(),
        EngineBusyException busy => new ApiException(StatusCodes.Status429TooManyRequests, $"{busy.Waiting:N0} requests are waiting already, as many as may (--max-waiting); try again in {Math.Ceiling(busy.RetryAfter.TotalSeconds):N0} s.", code: "queue_full", inner: busy) { RetryAfter = busy.RetryAfter },
        NotSupportedException unsupported => ApiException.Invalid(null, unsupported.Message, "unsupported"),
        BadHttpRequestException http => FromHttp(http),
        JsonException json => ApiException.Invalid(null, $"The body is not valid JSON: {json.Message}", "invalid_json"),
        ArgumentException argument => ApiException.Invalid(null, WithoutParameter(argument)),
        OutOfMemoryException => new ApiException(StatusCodes.Status503ServiceUnavailable, "The server has not enough memory for this request; make it smaller, or try again later.") { RetryAfter = TimeSpan.FromSeconds(5) },
        _ => new ApiException(StatusCodes.Status500InternalServerError, "The server failed at this request; its log says why, under the request id in the x-request-id header.", code: "internal_error", inner: error),
    };

    private static ApiException FromHttp(BadHttpRequestException error) => error.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => new ApiException(error.StatusCode, "The body is larger than this server takes; send less, or start it with a larger --max-body.", code: "body_too_large"),
        StatusCodes.Status408RequestTimeout => new ApiException(error.StatusCode, "The body came too slowly; send it faster.", code: "body_timeout"),
        _ => new ApiException(error.StatusCode, $"The request is not sound: {error.Message}"),
    };

    /// <summary>.NET ends such messages with the parameter's name, which is no help to clients.</summary>
    private static string WithoutParameter(ArgumentException error)
    {
        int end = error.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return end < 0 ? error.Message : error.Message[..end];
    }
}
