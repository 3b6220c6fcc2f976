using System.Text.Json;
using AutoGlm.Formats.Safetensors;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Formats.HuggingFace;

/// <summary>A model folder as Hugging Face transformers saves it: config.json, safetensors weights, tokenizer files.</summary>
public sealed class HuggingFaceFolder : IDisposable
{
    private readonly ShardedSafetensors _weights;

    private HuggingFaceFolder(string path, ShardedSafetensors weights)
    {
        _weights = weights;
        Path = path;
        var entries = new OrderedDictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        var tensors = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, SafetensorsFile file) in weights.Owners)
        {
            entries.Add(name, file.Entries[name]);
            if (file.Tensors.TryGetValue(name, out Tensor? tensor)) tensors.Add(name, tensor);
        }

        Entries = entries;
        Tensors = tensors;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Path of config.json.</summary>
    public string ConfigPath => System.IO.Path.Combine(Path, "config.json");

    public JsonElement Config { get; private init; }

    /// <summary>generation_config.json; null where there is none.</summary>
    public JsonElement? GenerationConfig { get; private init; }

    /// <summary>Path of tokenizer.json; null where there is none.</summary>
    public string? TokenizerPath { get; private init; }

    /// <summary>tokenizer_config.json; null where there is none.</summary>
    public JsonElement? TokenizerConfig { get; private init; }

    /// <summary>special_tokens_map.json; null where there is none.</summary>
    public JsonElement? SpecialTokensMap { get; private init; }

    /// <summary>Chat templates by name; the usual one is "default".</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates { get; private init; } = new Dictionary<string, string>();

    /// <summary>The template named "default", or the only one there is; null otherwise.</summary>
    public string? ChatTemplate => HuggingFace.ChatTemplates.Default(ChatTemplates);

    /// <summary>All arrays of all weight files by name. Not readable after <see cref="Dispose"/>.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>Those arrays whose element type is a <see cref="TensorType"/>: F32, F16 and BF16.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>Size of all weight files.</summary>
    public long FileBytes => _weights.Files.Sum(file => file.FileBytes);

    /// <summary>Stamps of all weight files; null where one has none.</summary>
    public IReadOnlyList<FileStamp>? Stamps => FileStamps.Of(_weights.Files, file => file.Stamp);

    /// <exception cref="ModelFormatException">The folder or one of its files is missing, unreadable or unsound.</exception>
    public static HuggingFaceFolder Open(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new ModelFormatException(path, "folder", File.Exists(path) ? "is a file, not a folder" : "does not exist");
        }

        string At(string name) => System.IO.Path.Combine(path, name);
        JsonElement config = JsonFile.Read(At("config.json"));
        JsonElement? tokenizerConfig = JsonFile.ReadIfThere(At("tokenizer_config.json"));
        JsonElement? generationConfig = JsonFile.ReadIfThere(At("generation_config.json"));
        JsonElement? specialTokensMap = JsonFile.ReadIfThere(At("special_tokens_map.json"));
        Dictionary<string, string> templates = HuggingFace.ChatTemplates.Read(path, At("tokenizer_config.json"), tokenizerConfig);
        return new HuggingFaceFolder(path, ShardedSafetensors.Open(path))
        {
            Config = config,
            GenerationConfig = generationConfig,
            TokenizerPath = File.Exists(At("tokenizer.json")) ? At("tokenizer.json") : null,
            TokenizerConfig = tokenizerConfig,
            SpecialTokensMap = specialTokensMap,
            ChatTemplates = templates,
        };
    }

    public void Dispose() => _weights.Dispose();
}
