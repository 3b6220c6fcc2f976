namespace AutoGlm.Graph;

/// <summary>A value in a graph: the result of the node at this index. Each value is a matrix [rows, width] of float32.</summary>
public readonly record struct Value(int Index)
{
    public override string ToString() => $"%{Index}";
}
