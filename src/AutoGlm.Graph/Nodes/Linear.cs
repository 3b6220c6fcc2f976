namespace AutoGlm.Graph.Nodes;

/// <summary>Rows of a table [vocabulary, width], one for each token id of the batch.</summary>
public sealed record Embed(Weight Table) : Node
{
    public override IEnumerable<Weight> Weights => [Table];
}

/// <summary>y = x·Wᵀ + b + addend, with W [outputs, inputs]; bias and addend [rows, outputs] may be missing.</summary>
public sealed record MatMul(Value X, Weight W, Weight? Bias, Value? Addend = null) : Node
{
    /// <summary>The norm that x goes through first; null where it comes as it is used.</summary>
    public FusedNorm? Norm { get; init; }

    public override IReadOnlyList<Value> Inputs => Addend is { } addend ? [X, addend] : [X];

    public override IEnumerable<Weight> Weights => [W, .. Bias is null ? [] : new[] { Bias }, .. Norm is null ? [] : new[] { Norm.Gain }];

    public override Value? InPlace => Addend;

    public override Node Rewire(Func<Value, Value> map) => this with { X = map(X), Addend = Addend is { } addend ? map(addend) : null };
}

/// <summary>Each head's columns by that head's own matrix: W [heads, outputs, inputs]; x [rows, heads·inputs] → [rows, heads·outputs].</summary>
public sealed record HeadMatMul(Value X, Weight W) : UnaryNode(X)
{
    public int Heads => (int)W.Shape[0];

    public override IEnumerable<Weight> Weights => [W];
}

/// <summary>Rows whose logits are wanted, in the batch's order.</summary>
public sealed record SelectRows(Value X) : UnaryNode(X);
