using AutoGlm.Formats.Gguf;

namespace AutoGlm.Models.Configuration;

/// <summary>Settings of a GGUF file, whose keys begin with the architecture's name.</summary>
internal sealed class GgufHyperparameters(GgufMetadata metadata) : Hyperparameters
{
    public override string Location => metadata.File;

    public override bool IsHuggingFace => false;

    public override string ArchitectureName { get; } = metadata.GetString("general.architecture");

    public override long? FindInteger(string gguf, string huggingFace) => Find(gguf) is { } key ? metadata.GetInt64(key) : null;

    public override double? FindNumber(string gguf, string huggingFace) => Find(gguf) is { } key ? metadata.GetSingle(key) : null;

    public override bool? FindBoolean(string gguf, string huggingFace) => Find(gguf) is { } key ? metadata.GetBoolean(key) : null;

    public override string? FindString(string gguf, string huggingFace) => Find(gguf) is { } key ? metadata.GetString(key) : null;

    public override IReadOnlyList<double>? FindNumbers(string gguf, string huggingFace) =>
        Find(gguf) is { } key ? Array.ConvertAll(metadata.GetSingles(key), value => (double)value) : null;

    public override IReadOnlyList<string>? FindStrings(string gguf, string huggingFace) =>
        Find(gguf) is { } key ? [.. metadata.GetStrings(key)] : null;

    private string? Find(string name)
    {
        string key = $"{ArchitectureName}.{name}";
        return name.Length > 0 && metadata.Contains(key) ? key : null;
    }
}
