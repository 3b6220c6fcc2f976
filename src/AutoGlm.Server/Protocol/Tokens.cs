using System.Text.Json;

namespace AutoGlm.Server.Protocol;

/// <summary>A text's tokens: ids, or ids with their pieces.</summary>
public sealed record TokenizeResponse(JsonElement Tokens);

/// <summary>Tokens' text.</summary>
public sealed record DetokenizeResponse(string Content);

/// <summary>How the server is.</summary>
/// <param name="Status">ok, loading, warming up or shutting down.</param>
public sealed record HealthResponse(string Status);
