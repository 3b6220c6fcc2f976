using AutoGlm.Formats.Tensors;

namespace AutoGlm.Graph;

/// <summary>Reads a graph's parameters, joined ones too.</summary>
public static class WeightSourceExtensions
{
    /// <summary>The tensor of a parameter.</summary>
    /// <exception cref="Formats.ModelFormatException">The source lacks it, or it cannot be read.</exception>
    public static Tensor Get(this IWeightSource source, Weight weight) =>
        weight.Parts.Count == 0 ? source.Get(weight.Name) : new JoinedTensor(weight, [.. weight.Parts.Select(source.Get)]);
}
