using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutoGlm.Server.Protocol;

/// <summary>How the protocol's records are written as JSON, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(ChatCompletionRequest))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatCompletionChunk))]
[JsonSerializable(typeof(CompletionRequest))]
[JsonSerializable(typeof(Completion))]
[JsonSerializable(typeof(LlamaCompletionRequest))]
[JsonSerializable(typeof(LlamaCompletion))]
[JsonSerializable(typeof(LlamaProps))]
[JsonSerializable(typeof(AppliedTemplate))]
[JsonSerializable(typeof(ResponseRequest))]
[JsonSerializable(typeof(ModelResponse))]
[JsonSerializable(typeof(ResponseEvent))]
[JsonSerializable(typeof(DeletedResponse))]
[JsonSerializable(typeof(EmbeddingRequest))]
[JsonSerializable(typeof(EmbeddingList))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelInfo))]
[JsonSerializable(typeof(TokenizeRequest))]
[JsonSerializable(typeof(DetokenizeRequest))]
[JsonSerializable(typeof(TokenizeResponse))]
[JsonSerializable(typeof(DetokenizeResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(CacheState))]
[JsonSerializable(typeof(CacheFindRequest))]
[JsonSerializable(typeof(CacheFind))]
[JsonSerializable(typeof(CacheDropRequest))]
[JsonSerializable(typeof(CacheDrop))]
[JsonSerializable(typeof(float[]))]
[JsonSerializable(typeof(string))]
internal sealed partial class ProtocolJson : JsonSerializerContext
{
    /// <summary>As it goes over the wire: text stays readable, since no answer is part of a web page.</summary>
    public static ProtocolJson Wire { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
