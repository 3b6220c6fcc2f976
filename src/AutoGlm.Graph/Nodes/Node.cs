namespace AutoGlm.Graph.Nodes;

/// <summary>One operation of a graph: what it reads, and the shape of what it makes.</summary>
public abstract record Node
{
    /// <summary>Columns of the result.</summary>
    public required int Width { get; init; }

    /// <summary>Rows of the result.</summary>
    public RowSpace Rows { get; init; } = RowSpace.Tokens;

    /// <summary>The values this node reads, in order.</summary>
    public virtual IReadOnlyList<Value> Inputs => [];

    /// <summary>The parameters this node reads.</summary>
    public virtual IEnumerable<Weight> Weights => [];

    /// <summary>The same node reading other values.</summary>
    public virtual Node Rewire(Func<Value, Value> map) => this;

    /// <summary>True where the node does something beside making its value, so that it stays even if nobody reads it.</summary>
    public virtual bool HasEffect => false;

    /// <summary>The input whose memory the result may take over, if nobody reads it after; null where there is none.</summary>
    public virtual Value? InPlace => null;

    /// <summary>The input whose columns from one on are the result, so that it needs no memory of its own; null where it does.</summary>
    public virtual (Value Of, int Column)? View => null;

    /// <summary>The operation's name.</summary>
    public string Operation => GetType().Name;
}

/// <summary>A node with one input.</summary>
public abstract record UnaryNode(Value X) : Node
{
    public override IReadOnlyList<Value> Inputs => [X];

    public override Node Rewire(Func<Value, Value> map) => this with { X = map(X) };
}

/// <summary>A node with two inputs.</summary>
public abstract record BinaryNode(Value A, Value B) : Node
{
    public override IReadOnlyList<Value> Inputs => [A, B];

    public override Node Rewire(Func<Value, Value> map) => this with { A = map(A), B = map(B) };
}
