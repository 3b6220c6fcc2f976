using System.Text.Json;
using AutoGlm.Formats.Safetensors;

namespace AutoGlm.Formats.HuggingFace;

/// <summary>The weights of a folder: model.safetensors, or the shards that model.safetensors.index.json lists.</summary>
internal sealed class ShardedSafetensors : IDisposable
{
    private const string Single = "model.safetensors", Index = "model.safetensors.index.json", Field = "weight_map";
    private readonly OrderedDictionary<string, SafetensorsFile> _files = new(StringComparer.Ordinal);

    private ShardedSafetensors()
    {
    }

    public IReadOnlyList<SafetensorsFile> Files => [.. _files.Values];

    /// <summary>Which file has which array.</summary>
    public OrderedDictionary<string, SafetensorsFile> Owners { get; } = new(StringComparer.Ordinal);

    public static ShardedSafetensors Open(string folder)
    {
        var shards = new ShardedSafetensors();
        try
        {
            if (File.Exists(Path.Combine(folder, Single))) shards.OpenSingle(folder);
            else if (File.Exists(Path.Combine(folder, Index))) shards.OpenShards(folder);
            else throw new ModelFormatException(folder, "weights", $"has neither {Single} nor {Index}{Remedy(folder)}");
            return shards;
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (SafetensorsFile file in _files.Values) file.Dispose();
    }

    private void OpenSingle(string folder)
    {
        SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, Single));
        _files.Add(Single, file);
        foreach (string name in file.Entries.Keys) Owners.Add(name, file);
    }

    private void OpenShards(string folder)
    {
        string path = Path.Combine(folder, Index);
        JsonElement index = JsonFile.Read(path);
        if (!index.TryGetProperty(Field, out JsonElement map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(path, Field, "must be an object of file names by tensor");
        }

        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string tensor = entry.Name;
            string shard = JsonFile.String(path, entry.Value, $"{Field} '{tensor}'");
            if (!_files.TryGetValue(shard, out SafetensorsFile? file)) _files.Add(shard, file = OpenShard(folder, path, tensor, shard));
            if (!file.Entries.ContainsKey(tensor))
            {
                throw new ModelFormatException(file.Path, $"tensor '{tensor}'", $"is missing, though {Index} says it is here");
            }

            Owners.Add(tensor, file);
        }
    }

    private static SafetensorsFile OpenShard(string folder, string index, string tensor, string shard)
    {
        // A plain name keeps the index from reaching out of its folder.
        bool plain = shard.EndsWith(".safetensors", StringComparison.Ordinal) && shard.IndexOfAny(['/', '\\', ':', '\0']) < 0;
        if (!plain)
        {
            throw new ModelFormatException(
                index, $"{Field} '{tensor}'", $"'{shard}' is not the plain name of a .safetensors file beside the index");
        }

        return SafetensorsFile.Open(Path.Combine(folder, shard));
    }

    private static string Remedy(string folder)
    {
        if (Directory.EnumerateFiles(folder, "*.gguf").FirstOrDefault() is string gguf)
        {
            return $"; name the file {Path.GetFileName(gguf)} to use it";
        }

        return Directory.EnumerateFiles(folder, "pytorch_model*.bin").Any()
            ? "; pickled PyTorch weights are not read: convert them to safetensors"
            : "";
    }
}
