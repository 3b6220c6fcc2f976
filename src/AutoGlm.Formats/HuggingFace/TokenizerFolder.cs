using System.Text.Json;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Formats.HuggingFace;

/// <summary>The tokenizer's part of a Hugging Face folder: tokenizer.json, and what is beside it. Weights and config.json need not be there.</summary>
public sealed class TokenizerFolder
{
    private const string FileName = "tokenizer.json", RowsName = "vocab_size";

    private readonly JsonElement? _tokenizerConfig, _config, _generationConfig;

    /// <param name="path">The folder, or the tokenizer.json in it.</param>
    /// <exception cref="ModelFormatException">A file that is there is unreadable or unsound.</exception>
    public TokenizerFolder(string path)
    {
        bool isFolder = Directory.Exists(path);
        string folder = isFolder ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        TokenizerPath = isFolder ? Path.Combine(path, FileName) : path;
        if (!File.Exists(TokenizerPath)) throw new ModelFormatException(TokenizerPath, FileName, "is missing");
        string configPath = Path.Combine(folder, "tokenizer_config.json");
        _tokenizerConfig = JsonFile.ReadIfThere(configPath);
        _config = JsonFile.ReadIfThere(Path.Combine(folder, "config.json"));
        _generationConfig = JsonFile.ReadIfThere(Path.Combine(folder, "generation_config.json"));
        ChatTemplate = ChatTemplates.Default(ChatTemplates.Read(folder, configPath, _tokenizerConfig));
    }

    public string TokenizerPath { get; }

    /// <summary>As <see cref="HuggingFaceFolder.ChatTemplate"/>.</summary>
    public string? ChatTemplate { get; }

    /// <summary>The tokenizer, for a model of as many rows as config.json says, where it does.</summary>
    /// <exception cref="ModelFormatException">tokenizer.json is unsound, beyond what is supported, or of more tokens than the model.</exception>
    public Tokenizer CreateTokenizer() => TokenizerFactory.FromTokenizerJson(TokenizerPath, _tokenizerConfig, _config, _generationConfig, Rows, ChatTemplate);

    private int? Rows
    {
        get
        {
            if (_config is not { ValueKind: JsonValueKind.Object } config) return null;
            // Models of several parts keep the language model's numbers one level down.
            if (config.TryGetProperty("text_config", out JsonElement text) && text.ValueKind == JsonValueKind.Object && text.TryGetProperty(RowsName, out _)) config = text;
            return config.TryGetProperty(RowsName, out JsonElement rows) && rows.ValueKind == JsonValueKind.Number && rows.TryGetInt32(out int count) && count > 0 ? count : null;
        }
    }
}
