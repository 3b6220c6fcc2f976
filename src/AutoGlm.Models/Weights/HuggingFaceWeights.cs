using System.Diagnostics.CodeAnalysis;
using AutoGlm.Formats;
using AutoGlm.Formats.HuggingFace;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Models.Architectures;
using AutoGlm.Models.Configuration;

namespace AutoGlm.Models.Weights;

/// <summary>A Hugging Face folder's tensors under GGUF's names and in GGUF's shapes.</summary>
internal sealed class HuggingFaceWeights : IWeightSource
{
    private readonly HuggingFaceFolder _folder;
    private readonly Hyperparameters _settings;
    private readonly Dictionary<string, Tensor> _tensors = [];

    public HuggingFaceWeights(HuggingFaceFolder folder, Hyperparameters settings, Architecture family)
    {
        _folder = folder;
        _settings = settings;
        SortedDictionary<string, SortedDictionary<int, Tensor>> stacks = new(StringComparer.Ordinal);
        foreach ((string original, Tensor tensor) in folder.Tensors)
        {
            if (HuggingFaceNames.Translate(original, family.PostAttentionNorm) is not var (name, expert)) continue;
            if (expert < 0) Add(name, original, family.GainsLessOne && name.EndsWith("norm.weight", StringComparison.Ordinal) ? PlusOne(tensor) : tensor);
            else if (!stacks.TryAdd(name, new() { [expert] = tensor })) stacks[name][expert] = tensor;
        }

        foreach ((string name, SortedDictionary<int, Tensor> parts) in stacks) Add(name, name, Stack(name, parts));
        foreach (Tensor tensor in MergedExperts.Split(folder)) Add(tensor.Name, tensor.Name, tensor);
    }

    public string Location => _folder.Path;

    /// <remarks>config.json has no part in it: what it says of matrices shows in their names and shapes.</remarks>
    public IReadOnlyList<FileStamp>? Stamps => _folder.Stamps;

    public bool Contains(string name) => TryGet(name, out _);

    public Tensor Get(string name) =>
        TryGet(name, out Tensor? tensor) ? tensor : throw new ModelFormatException(Location, name, "the model needs this tensor and the folder lacks it");

    public void Dispose() => _folder.Dispose();

    private void Add(string name, string original, Tensor tensor)
    {
        if (!_tensors.TryAdd(name, tensor)) throw new ModelFormatException(Location, original, $"is there twice, under two names of '{name}'");
    }

    private bool TryGet(string name, [NotNullWhen(true)] out Tensor? tensor)
    {
        // A tied head may be stored all the same; config.json says whether it counts.
        if (name == "output.weight" && _settings.Flag("", "tie_word_embeddings", false))
        {
            tensor = null;
            return false;
        }

        if (_tensors.TryGetValue(name, out tensor)) return true;
        if (LatentProjections.SourceOf(name) is not { } source || !_tensors.TryGetValue(source, out Tensor? joined)) return false;
        int heads = _settings.Count("", "num_attention_heads");
        _tensors[name] = tensor = LatentProjections.Split(name, joined, Location, heads, _settings.Count("", "qk_nope_head_dim"), _settings.Count("", "v_head_dim"));
        return true;
    }

    private StackedTensor Stack(string name, SortedDictionary<int, Tensor> parts)
    {
        Tensor first = parts.Values.First();
        if (parts.Keys.Last() != parts.Count - 1) throw new ModelFormatException(Location, name, $"{parts.Count} experts are there, numbered up to {parts.Keys.Last()}");
        foreach ((int expert, Tensor part) in parts)
        {
            if (part.Type != first.Type || !part.Shape.SequenceEqual(first.Shape))
                throw new ModelFormatException(Location, name, $"expert {expert} has another shape or type than expert 0");
        }

        return new StackedTensor(name, [.. parts.Values]);
    }

    private static ComputedTensor PlusOne(Tensor gain) =>
        ComputedTensor.OfFloats(gain.Name, gain.Shape, () => Array.ConvertAll(gain.Decode(), value => value + 1));
}
