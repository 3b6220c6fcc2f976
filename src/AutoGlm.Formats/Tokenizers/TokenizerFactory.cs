using System.Text.Json;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.HuggingFace;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Makes tokenizers from what model files say of theirs.</summary>
public static class TokenizerFactory
{
    /// <summary>The tokenizer of a GGUF file: its <c>tokenizer.ggml.*</c> keys.</summary>
    /// <exception cref="ModelFormatException">Keys are missing or unsound, or name a kind of tokenizer that is not supported.</exception>
    public static Tokenizer FromGguf(GgufMetadata metadata, string fileName) => new(new GgufTokenizerReader(metadata, fileName).Read());

    /// <summary>The tokenizer of a Hugging Face folder: tokenizer.json, and what the files beside it say of special tokens.</summary>
    /// <exception cref="ModelFormatException">There is no tokenizer.json, or it is unsound or beyond what is supported.</exception>
    public static Tokenizer FromHuggingFace(HuggingFaceFolder folder)
    {
        string path = folder.TokenizerPath ?? throw new ModelFormatException(folder.Path, "tokenizer.json", "is missing");
        return FromTokenizerJson(path, folder.TokenizerConfig, folder.Config, folder.GenerationConfig);
    }

    /// <summary>The tokenizer of a tokenizer.json file (the format of Hugging Face's <c>tokenizers</c>).</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizerConfig">tokenizer_config.json, for the parts that special tokens play.</param>
    /// <param name="config">config.json, for ids that tokenizer_config.json does not give.</param>
    /// <param name="generationConfig">generation_config.json, for the ends of a generation.</param>
    /// <exception cref="ModelFormatException">The file cannot be read, is unsound, or is beyond what is supported.</exception>
    public static Tokenizer FromTokenizerJson(
        string path, JsonElement? tokenizerConfig = null, JsonElement? config = null, JsonElement? generationConfig = null)
    {
        using JsonDocument document = JsonField.Open(path);
        var root = new JsonField(path, "", document.RootElement);
        return new Tokenizer(new TokenizerJsonReader(root).Read(new SpecialTokenSources(path, tokenizerConfig, config, generationConfig)));
    }
}
