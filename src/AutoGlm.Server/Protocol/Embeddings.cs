using System.Text.Json;

namespace AutoGlm.Server.Protocol;

/// <summary>Texts as vectors.</summary>
public sealed record EmbeddingList(IReadOnlyList<EmbeddingItem> Data, string Model, EmbeddingUsage Usage)
{
    public string Object { get; init; } = "list";
}

/// <param name="Index">Which of the inputs.</param>
/// <param name="Embedding">Numbers, or base64 of little-endian float32 where encoding_format asks for it.</param>
public sealed record EmbeddingItem(int Index, JsonElement Embedding)
{
    public string Object { get; init; } = "embedding";
}

public sealed record EmbeddingUsage(int PromptTokens, int TotalTokens);
