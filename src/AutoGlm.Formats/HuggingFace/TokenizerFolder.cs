using System.Text.Json;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Formats.HuggingFace;

/// <summary>The tokenizer's part of a Hugging Face folder: tokenizer.json, and what is beside it. Weights and config.json need not be there.</summary>
public sealed class TokenizerFolder
{
    private const string FileName = "tokenizer.json";

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

    /// <exception cref="ModelFormatException">tokenizer.json is unsound or beyond what is supported.</exception>
    public Tokenizer CreateTokenizer() => TokenizerFactory.FromTokenizerJson(TokenizerPath, _tokenizerConfig, _config, _generationConfig);
}
