namespace AutoGlm.Graph.Nodes;

/// <summary>
/// x / sqrt(mean(x²) + epsilon) ∘ gain over each group of <paramref name="GroupSize"/> columns (arXiv:1910.07467).
/// A group is the whole row, or one head; the gain is [GroupSize] and the same for all groups.
/// </summary>
public sealed record RmsNorm(Value X, Weight Gain, float Epsilon, int GroupSize) : UnaryNode(X)
{
    public override IEnumerable<Weight> Weights => [Gain];
}
