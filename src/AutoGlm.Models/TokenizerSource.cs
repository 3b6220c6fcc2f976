using AutoGlm.Formats;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.HuggingFace;
using AutoGlm.Formats.Tensors;
using AutoGlm.Formats.Tokenizers;

namespace AutoGlm.Models;

/// <summary>
/// A model's tokenizer and chat template without the model: any GGUF file with a vocabulary, of an architecture unknown here or
/// without tensors too, a Hugging Face folder, or a tokenizer.json file. Weights need not be there.
/// </summary>
public sealed class TokenizerSource
{
    private readonly Lazy<Tokenizer> _tokenizer;

    private TokenizerSource(string path, string? chatTemplate, Func<Tokenizer> tokenizer)
    {
        Path = path;
        ChatTemplate = chatTemplate;
        _tokenizer = new Lazy<Tokenizer>(tokenizer);
    }

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>Source of the chat template; null where there is none.</summary>
    public string? ChatTemplate { get; }

    /// <summary>The tokenizer, made when first asked for.</summary>
    /// <exception cref="ModelFormatException">There is none, or an unsound one.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <exception cref="ModelFormatException">There is nothing there, or nothing sound.</exception>
    public static TokenizerSource Open(string path)
    {
        bool isFolder = Directory.Exists(path);
        if (!isFolder && !File.Exists(path)) throw new ModelFormatException(path, "path", "there is no such file or folder; name a .gguf file, a Hugging Face folder or a tokenizer.json");
        if (isFolder || path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            TokenizerFolder folder = new(path);
            return new TokenizerSource(path, folder.ChatTemplate, folder.CreateTokenizer);
        }

        // Metadata is read into memory: the file is not needed any more.
        using GgufFile file = GgufFile.Open(path);
        GgufMetadata metadata = file.Metadata;
        int? rows = file.Tensors.TryGetValue("token_embd.weight", out Tensor? table) ? (int)Math.Min(table.Shape[0], int.MaxValue) : null;
        return new TokenizerSource(path, metadata.GetStringOrDefault("tokenizer.chat_template"), () => TokenizerFactory.FromGguf(metadata, path, rows));
    }
}
