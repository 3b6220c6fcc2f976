using AutoGlm.Formats.Tensors;

namespace AutoGlm.Graph;

/// <summary>A parameter by name, with the shape the graph expects: [outputs, inputs], [experts, outputs, inputs], or [width].</summary>
public sealed record Weight(string Name, params long[] Shape)
{
    /// <summary>How the file stores it; null where that is not known.</summary>
    public TensorType? Type { get; init; }

    /// <summary>The parameters this one is made of, one after the other along <see cref="Axis"/>; none for a parameter of the file.</summary>
    public IReadOnlyList<Weight> Parts { get; private init; } = [];

    /// <summary>The dimension that <see cref="Parts"/> share.</summary>
    public int Axis { get; private init; }

    /// <summary>Parameters of one type joined along a dimension; read through <see cref="JoinedTensor"/>, so that they are held once.</summary>
    /// <exception cref="ArgumentException">Types differ, or shapes do in another dimension.</exception>
    public static Weight Join(IReadOnlyList<Weight> parts, int axis)
    {
        Weight first = parts[0];
        long[] shape = [.. first.Shape];
        shape[axis] = 0;
        foreach (Weight part in parts)
        {
            bool sameShape = part.Shape.Length == first.Shape.Length;
            for (int i = 0; sameShape && i < first.Shape.Length; i++) sameShape = i == axis || part.Shape[i] == first.Shape[i];
            if (part.Type != first.Type || !sameShape) throw new ArgumentException($"{part.Name} cannot join {first.Name}: types or shapes differ.", nameof(parts));
            shape[axis] += part.Shape[axis];
        }

        return new Weight(string.Join('+', parts.Select(part => part.Name)), shape) { Type = first.Type, Parts = [.. parts], Axis = axis };
    }

    public bool Equals(Weight? other) => other is not null && Name == other.Name;

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Name;
}
