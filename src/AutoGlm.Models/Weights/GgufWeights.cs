using System.Diagnostics.CodeAnalysis;
using AutoGlm.Formats;
using AutoGlm.Formats.Gguf;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;

namespace AutoGlm.Models.Weights;

/// <summary>A GGUF file's tensors, whose names the graph uses. Older files keep latent attention's two matrices as one.</summary>
internal sealed class GgufWeights(GgufFile file) : IWeightSource
{
    private readonly Dictionary<string, Tensor> _split = [];

    public string Location => file.Path;

    public IReadOnlyList<FileStamp>? Stamps => file.Stamps;

    public bool Contains(string name) => TryGet(name, out _);

    public Tensor Get(string name) =>
        TryGet(name, out Tensor? tensor) ? tensor : throw new ModelFormatException(Location, name, "the model needs this tensor and the file lacks it");

    public void Dispose() => file.Dispose();

    private bool TryGet(string name, [NotNullWhen(true)] out Tensor? tensor)
    {
        if (file.Tensors.TryGetValue(name, out tensor) || _split.TryGetValue(name, out tensor)) return true;
        if (LatentProjections.SourceOf(name) is not { } source || !file.Tensors.TryGetValue(source, out Tensor? joined)) return false;

        string architecture = file.Metadata.GetString("general.architecture");
        int heads = file.Metadata.GetInt32(architecture + ".attention.head_count");
        int whole = file.Metadata.GetInt32(architecture + ".attention.key_length");
        int value = file.Metadata.GetInt32(architecture + ".attention.value_length");
        int rotated = file.Metadata.GetInt32(architecture + ".rope.dimension_count");
        _split[name] = tensor = LatentProjections.Split(name, joined, Location, heads, whole - rotated, value);
        return true;
    }
}
