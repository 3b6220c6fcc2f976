namespace AutoGlm.Graph.Nodes;

/// <summary>
/// x / sqrt(mean(x²) + epsilon) ∘ gain over each group of <paramref name="GroupSize"/> columns (arXiv:1910.07467).
/// A group is the whole row, or one head; the gain is [GroupSize] and the same for all groups.
/// </summary>
public sealed record RmsNorm(Value X, Weight Gain, float Epsilon, int GroupSize) : UnaryNode(X)
{
    public override IEnumerable<Weight> Weights => [Gain];

    /// <summary>The same as part of the node that reads it; null where the groups are less than whole rows.</summary>
    public FusedNorm? AsFused => GroupSize == Width ? new FusedNorm(Gain, Epsilon) : null;
}

/// <summary>An <see cref="RmsNorm"/> of whole rows inside the node that alone reads it.</summary>
public sealed record FusedNorm(Weight Gain, float Epsilon);

/// <summary>a + b, or a + norm(b): a sum that a norm surrounds, before it or after it. Never in place, so that each thread may read whole rows.</summary>
public sealed record ResidualAdd(Value A, Value B, FusedNorm? Norm) : BinaryNode(A, B)
{
    public override IEnumerable<Weight> Weights => Norm is null ? [] : [Norm.Gain];
}
