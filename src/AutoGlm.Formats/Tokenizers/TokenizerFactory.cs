using System.Text.Json;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.HuggingFace;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Makes tokenizers from what model files say of theirs.</summary>
public static class TokenizerFactory
{
    /// <summary>The tokenizer of a GGUF file: its <c>tokenizer.ggml.*</c> keys.</summary>
    /// <param name="metadata">The file's.</param>
    /// <param name="fileName">Named in errors.</param>
    /// <param name="rows">Rows of the model, one a token: added tokens beyond them are left out, and <see cref="Tokenizer.Notice"/> says so. Null: not known.</param>
    /// <exception cref="ModelFormatException">
    /// Keys are missing or unsound, or name a kind of tokenizer that is not supported; or the model has no row for a token that it needs.
    /// </exception>
    public static Tokenizer FromGguf(GgufMetadata metadata, string fileName, int? rows = null)
    {
        RowlessTokens rowless = new(fileName, rows);
        TokenizerDefinition definition = new GgufTokenizerReader(metadata, fileName, rowless).Read();
        return Checked(definition, rowless, metadata.GetStringOrDefault("tokenizer.chat_template"));
    }

    /// <summary>The tokenizer of a Hugging Face folder: tokenizer.json, and what the files beside it say of special tokens.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="rows">As in <see cref="FromGguf"/>.</param>
    /// <exception cref="ModelFormatException">
    /// There is no tokenizer.json, or it is unsound or beyond what is supported; or the model has no row for a token that it needs.
    /// </exception>
    public static Tokenizer FromHuggingFace(HuggingFaceFolder folder, int? rows = null)
    {
        string path = folder.TokenizerPath ?? throw new ModelFormatException(folder.Path, "tokenizer.json", "is missing");
        return FromTokenizerJson(path, folder.TokenizerConfig, folder.Config, folder.GenerationConfig, rows, folder.ChatTemplate);
    }

    /// <summary>The tokenizer of a tokenizer.json file (the format of Hugging Face's <c>tokenizers</c>).</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizerConfig">tokenizer_config.json, for the parts that special tokens play.</param>
    /// <param name="config">config.json, for ids that tokenizer_config.json does not give.</param>
    /// <param name="generationConfig">generation_config.json, for the ends of a generation.</param>
    /// <param name="rows">As in <see cref="FromGguf"/>.</param>
    /// <param name="chatTemplate">What may need begin and end of text, where <paramref name="rows"/> are known.</param>
    /// <exception cref="ModelFormatException">
    /// The file cannot be read, is unsound, or is beyond what is supported; or the model has no row for a token that it needs.
    /// </exception>
    public static Tokenizer FromTokenizerJson(
        string path, JsonElement? tokenizerConfig = null, JsonElement? config = null, JsonElement? generationConfig = null, int? rows = null, string? chatTemplate = null)
    {
        using JsonDocument document = JsonField.Open(path);
        RowlessTokens rowless = new(path, rows);
        TokenizerJsonReader reader = new(new JsonField(path, "", document.RootElement), rowless);
        return Checked(reader.Read(new SpecialTokenSources(path, tokenizerConfig, config, generationConfig)), rowless, chatTemplate);
    }

    private static Tokenizer Checked(TokenizerDefinition definition, RowlessTokens rowless, string? chatTemplate)
    {
        Tokenizer tokenizer = new(definition) { Notice = rowless.Notice };
        rowless.Check(chatTemplate, tokenizer.EndOfGenerationIds);
        return tokenizer;
    }
}
