using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>Texts to be made vectors.</summary>
public sealed record EmbeddingRequest
{
    private const int MaxInputs = 2048;

    internal EmbeddingRequest(JsonFields fields)
    {
        Model = fields.String("model");
        Inputs = PromptText.Read(fields, "input", MaxInputs);
        EncodingFormat = fields.OneOf("encoding_format", "float", "base64") ?? "float";
        Dimensions = fields.Integer("dimensions", 1, int.MaxValue);
        fields.Find("user");
    }

    /// <summary>The model's id.</summary>
    public string? Model { get; }

    /// <summary>A text, token ids, or up to 2,048 of either.</summary>
    internal IReadOnlyList<PromptText> Inputs { get; }

    /// <summary>float or base64.</summary>
    public string EncodingFormat { get; }

    /// <summary>Keep so many of the first numbers, normalised anew; all where it is left out.</summary>
    public int? Dimensions { get; }
}
