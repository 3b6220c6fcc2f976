using System.Text.Json;
using AutoGlm.Cli.Output;
using AutoGlm.Formats;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.HuggingFace;
using AutoGlm.Formats.Safetensors;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Cli.Loading;

/// <summary>
/// What a model's files hold, whether or not a model can be made of it: any sound GGUF file or Hugging Face folder, of an unknown
/// architecture or a vocabulary alone too.
/// </summary>
internal sealed class ModelFiles : IDisposable
{
    private const int LongestArray = 32;

    private readonly IDisposable _owner;

    private ModelFiles(string path, IDisposable owner)
    {
        Path = path;
        _owner = owner;
    }

    public string Path { get; }

    /// <summary>As people say it: GGUF version 3, Hugging Face folder.</summary>
    public required string Kind { get; init; }

    public required long FileBytes { get; init; }

    /// <summary>Settings by name, as JSON values. Long arrays are cut to their first items and their length.</summary>
    public required IReadOnlyList<KeyValuePair<string, object?>> Metadata { get; init; }

    public required IReadOnlyDictionary<string, Tensor> Tensors { get; init; }

    /// <summary>Arrays that are no tensors of a type known here: name, type and shape.</summary>
    public IReadOnlyList<SafetensorsEntry> OtherArrays { get; private init; } = [];

    /// <exception cref="ModelFormatException">There is nothing there, or nothing sound.</exception>
    public static ModelFiles Open(string path)
    {
        if (Directory.Exists(path)) return OpenFolder(path);
        if (!File.Exists(path)) throw new ModelFormatException(path, "path", "there is no such file or folder; name a .gguf file or a Hugging Face folder");
        GgufFile file = GgufFile.Open(path);
        return new ModelFiles(path, file)
        {
            Kind = $"GGUF version {file.Version}" + (file.Parts.Count > 1 ? $" in {file.Parts.Count} parts" : ""),
            FileBytes = file.FileBytes,
            Metadata = [.. file.Metadata.Select(pair => KeyValuePair.Create(pair.Key, FromGguf(pair.Value)))],
            Tensors = file.Tensors,
        };
    }

    public void Dispose() => _owner.Dispose();

    private static ModelFiles OpenFolder(string path)
    {
        HuggingFaceFolder folder = HuggingFaceFolder.Open(path);
        return new ModelFiles(path, folder)
        {
            Kind = "Hugging Face folder",
            FileBytes = folder.FileBytes,
            Metadata = [.. folder.Config.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, (object?)property.Value))],
            Tensors = folder.Tensors,
            OtherArrays = [.. folder.Entries.Values.Where(entry => !folder.Tensors.ContainsKey(entry.Name))],
        };
    }

    private static object? FromGguf(GgufValue value)
    {
        if (!value.IsArray) return value.Value;
        IEnumerable<object?> items = value.Value switch
        {
            GgufValue[] arrays => arrays.Select(FromGguf),
            System.Collections.IEnumerable all => all.Cast<object?>(),
            object other => [other],
        };
        if (value.Count <= LongestArray) return items.ToArray();
        return new { type = "array", of = value.ElementType.ToString(), count = value.Count, first = items.Take(8).ToArray() };
    }
}
