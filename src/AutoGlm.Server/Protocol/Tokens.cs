using System.Text.Json;
using AutoGlm.Server.Http;

namespace AutoGlm.Server.Protocol;

/// <summary>A text to be cut into tokens.</summary>
public sealed record TokenizeRequest
{
    internal TokenizeRequest(JsonFields fields)
    {
        Content = fields.RequireString("content");
        AddSpecial = fields.Boolean("add_special") ?? false;
        ParseSpecial = fields.Boolean("parse_special") ?? true;
        WithPieces = fields.Boolean("with_pieces") ?? false;
    }

    /// <summary>The text.</summary>
    public string Content { get; }

    /// <summary>True to begin and end as the model wants a whole text to.</summary>
    public bool AddSpecial { get; }

    /// <summary>False to take special tokens in the text as plain text.</summary>
    public bool ParseSpecial { get; }

    /// <summary>True for each token's piece too.</summary>
    public bool WithPieces { get; }
}

/// <summary>A text's tokens: ids, or with pieces objects of id and piece, which is its text, or its bytes where they are no text.</summary>
public sealed record TokenizeResponse(JsonElement Tokens);

/// <summary>Tokens to be made text.</summary>
public sealed record DetokenizeRequest
{
    internal DetokenizeRequest(JsonFields fields)
    {
        JsonElement tokens = fields.Require("tokens", "an array of token ids");
        if (tokens.ValueKind != JsonValueKind.Array) throw fields.Invalid("tokens", $"is {JsonFields.Describe(tokens)}; it should be an array of token ids.");
        Tokens = PromptText.ReadTokens(tokens, "tokens");
    }

    /// <summary>Token ids.</summary>
    public IReadOnlyList<int> Tokens { get; }
}

/// <summary>Tokens' text.</summary>
public sealed record DetokenizeResponse(string Content);

/// <summary>How the server is.</summary>
/// <param name="Status">ok or ready.</param>
public sealed record HealthResponse(string Status);
