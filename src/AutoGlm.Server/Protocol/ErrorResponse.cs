using System.Text.Json.Serialization;

namespace AutoGlm.Server.Protocol;

/// <summary>What went wrong, in OpenAI's shape.</summary>
public sealed record ErrorResponse(ErrorDetail Error);

/// <summary>One error.</summary>
/// <param name="Message">What is wrong, where, and what would be right.</param>
/// <param name="Type">Its kind: invalid_request_error, authentication_error, rate_limit_error, server_error …</param>
/// <param name="Param">The field that is wrong, as a path into the body: messages[2].content.</param>
/// <param name="Code">A word for programs: context_length_exceeded, invalid_api_key, queue_full …</param>
public sealed record ErrorDetail(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);
