using System.Text;
using AutoGlm.Engine.Constraints;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Engine.Tests.Constraints;

/// <summary>Vocabularies for tests: a small one with all that is awkward, and that of the embedded model.</summary>
internal static class TestVocabulary
{
    public const string EndText = "<|end|>", ControlText = "<|call|>";

    /// <summary>Every byte, pieces over the borders of rules and of characters, a control token, and an end.</summary>
    public static TokenVocabulary Small { get; } = new(Make(
        "{\"", "\":", "\",\"", "\"}", "}}", "\"}}", "]}", "],[", "[[", "{}", "[]", "true", "null", "12", "00", "ab", "abc", "aab", "ba", "bb", "aaaa", ", ", ": ", "\\\"", "\\u00", "é", "\u00e9a"));

    public static TokenVocabulary Mini { get; } = Read(TestData.InRepository("models", "autoglm-mini.gguf"));

    public static TokenVocabulary Read(string gguf)
    {
        using GgufFile file = GgufFile.Open(gguf);
        return new TokenVocabulary(TokenizerFactory.FromGguf(file.Metadata, "test"));
    }

    /// <summary>A byte-level vocabulary of all bytes and these pieces; halves of characters among them.</summary>
    public static Tokenizer Make(params string[] pieces)
    {
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(value => Letter((byte)value).ToString())];
        tokens.AddRange(pieces.Select(piece => string.Concat(Encoding.UTF8.GetBytes(piece).Select(Letter))));
        // The first three bytes of an emoji, and its last with what follows.
        tokens.Add(string.Concat(new byte[] { 0xF0, 0x9F, 0x98 }.Select(Letter)));
        tokens.Add(string.Concat(new byte[] { 0x80, (byte)'"', (byte)'}' }.Select(Letter)));
        int[] types = [.. Enumerable.Repeat(1, tokens.Count), 3, 3];
        tokens.AddRange([EndText, ControlText]);
        GgufMetadata metadata = new();
        metadata["tokenizer.ggml.model"] = "gpt2";
        metadata["tokenizer.ggml.pre"] = "gpt-2";
        metadata["tokenizer.ggml.tokens"] = tokens.Distinct().ToArray();
        metadata["tokenizer.ggml.token_type"] = types;
        metadata["tokenizer.ggml.merges"] = new[] { "a b", "ab c" };
        metadata["tokenizer.ggml.eos_token_id"] = (uint)(tokens.Count - 2);
        return TokenizerFactory.FromGguf(metadata, "test");
    }

    /// <summary>GPT-2's letter for a byte.</summary>
    private static char Letter(byte value)
    {
        static bool Shown(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return (char)(Shown(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !Shown(b)));
    }
}
