namespace AutoGlm.Graph.Nodes;

/// <summary>How router logits become weights.</summary>
public enum RouterGating
{
    /// <summary>Softmax over all experts, then the best (Mixtral, Qwen3-MoE, DeepSeek-V2).</summary>
    Softmax,

    /// <summary>Sigmoid of each, then the best (DeepSeek-V3, GLM-4.5).</summary>
    Sigmoid,

    /// <summary>The best, then softmax over those alone (gpt-oss).</summary>
    SoftmaxOfSelected,
}

/// <summary>How experts are chosen.</summary>
public sealed record RouterShape
{
    public required int Experts { get; init; }

    /// <summary>Experts a token goes to.</summary>
    public required int Used { get; init; }

    public required RouterGating Gating { get; init; }

    /// <summary>Added to the scores for the choice alone [experts] (DeepSeek-V3's load balancing without auxiliary loss).</summary>
    public Weight? SelectionBias { get; init; }

    /// <summary>Groups of experts; only those of the best <see cref="GroupsUsed"/> groups may be chosen.</summary>
    public int Groups { get; init; } = 1;

    public int GroupsUsed { get; init; } = 1;

    /// <summary>True where the chosen weights are made to sum to 1.</summary>
    public bool Normalize { get; init; }

    /// <summary>Factor on the weights.</summary>
    public float Scale { get; init; } = 1;
}

/// <summary>Chooses experts: logits [rows, experts] → [rows, 2·used]: expert ids (whole numbers), then their weights.</summary>
public sealed record Route(Value X, RouterShape Shape) : UnaryNode(X)
{
    public override IEnumerable<Weight> Weights => Shape.SelectionBias is { } bias ? [bias] : [];
}

/// <summary>
/// Each row by the matrices of its experts: W [experts, outputs, inputs], bias [experts, outputs] → [rows, used·outputs].
/// The input has one slot [rows, inputs] that all of a row's experts read, or one for each [rows, used·inputs].
/// </summary>
public sealed record ExpertMatMul(Value X, Value Routing, Weight W, Weight? Bias, int Used) : Node
{
    public override IReadOnlyList<Value> Inputs => [X, Routing];

    public override IEnumerable<Weight> Weights => Bias is null ? [W] : [W, Bias];

    public override Node Rewire(Func<Value, Value> map) => this with { X = map(X), Routing = map(Routing) };
}

/// <summary>The weighted sum of a row's experts: [rows, used·width] → [rows, width].</summary>
public sealed record ExpertSum(Value X, Value Routing, int Used) : Node
{
    public override IReadOnlyList<Value> Inputs => [X, Routing];

    public override Node Rewire(Func<Value, Value> map) => this with { X = map(X), Routing = map(Routing) };
}
