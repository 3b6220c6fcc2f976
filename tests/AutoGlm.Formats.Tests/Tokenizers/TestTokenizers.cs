using System.Text.Json.Nodes;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Formats.Tests.Tokenizers;

/// <summary>Tokenizers for tests: the fixture, as it is or changed, and small ones made up in memory.</summary>
internal static class TestTokenizers
{
    public static string FixturePath => TestData.InRepository("tests", "AutoGlm.Formats.Tests", "Fixtures", "tokenizers", "byte-level.json");

    /// <summary>320 tokens: 8 special ones, the 256 bytes, and the most frequent English merges.</summary>
    public static Tokenizer Fixture { get; } = TokenizerFactory.FromTokenizerJson(FixturePath);

    public static JsonObject FixtureJson() => JsonNode.Parse(File.ReadAllText(FixturePath))!.AsObject();

    public static Tokenizer Read(JsonNode json) => Read(json.ToJsonString());

    public static Tokenizer Read(string json)
    {
        using var folder = new TempFolder();
        return TokenizerFactory.FromTokenizerJson(folder.Write("tokenizer.json", json));
    }

    public static Tokenizer FromGguf(GgufMetadata metadata) => TokenizerFactory.FromGguf(metadata, "test.gguf");

    public static Tokenizer Open(string gguf)
    {
        using GgufFile file = GgufFile.Open(gguf);
        return TokenizerFactory.FromGguf(file.Metadata, gguf);
    }

    /// <summary>A SentencePiece vocabulary: unknown, begin, end, the bytes, and then the given pieces, first best.</summary>
    public static GgufMetadata SentencePiece(params string[] pieces)
    {
        string[] bytes = [.. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>")];
        string[] tokens = ["<unk>", "<s>", "</s>", .. bytes, .. pieces];
        return new GgufMetadata
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = tokens,
            ["tokenizer.ggml.scores"] = tokens.Select((_, id) => id < 259 ? 0f : 258f - id).ToArray(),
            ["tokenizer.ggml.token_type"] = tokens.Select((_, id) => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1).ToArray(),
        };
    }
}
