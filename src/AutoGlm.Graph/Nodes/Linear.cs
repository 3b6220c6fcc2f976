namespace AutoGlm.Graph.Nodes;

/// <summary>Rows of a table [vocabulary, width], one for each token id of the batch.</summary>
public sealed record Embed(Weight Table) : Node
{
    public override IEnumerable<Weight> Weights => [Table];
}

/// <summary>y = x·Wᵀ + b, with W [outputs, inputs].</summary>
public sealed record MatMul(Value X, Weight W, Weight? Bias) : UnaryNode(X)
{
    public override IEnumerable<Weight> Weights => Bias is null ? [W] : [W, Bias];
}

/// <summary>Each head's columns by that head's own matrix: W [heads, outputs, inputs]; x [rows, heads·inputs] → [rows, heads·outputs].</summary>
public sealed record HeadMatMul(Value X, Weight W) : UnaryNode(X)
{
    public int Heads => (int)W.Shape[0];

    public override IEnumerable<Weight> Weights => [W];
}

/// <summary>Rows whose logits are wanted, in the batch's order.</summary>
public sealed record SelectRows(Value X) : UnaryNode(X);
