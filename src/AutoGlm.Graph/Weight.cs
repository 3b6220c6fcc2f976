namespace AutoGlm.Graph;

/// <summary>A parameter by name, with the shape the graph expects: [outputs, inputs], [experts, outputs, inputs], or [width].</summary>
public sealed record Weight(string Name, params long[] Shape)
{
    public bool Equals(Weight? other) => other is not null && Name == other.Name;

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Name;
}
