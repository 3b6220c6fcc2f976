namespace AutoGlm.Graph.Nodes;

/// <summary>From each of <paramref name="Groups"/> equal groups of columns, <c>Width / Groups</c> columns from <paramref name="Offset"/> on.</summary>
public sealed record Slice(Value X, int Groups, int Offset) : UnaryNode(X)
{
    public override (Value Of, int Column)? View => Groups == 1 ? (X, Offset) : null;
}

/// <summary>Group by group: the columns of a's group, then those of b's.</summary>
public sealed record Concat(Value A, Value B, int Groups) : BinaryNode(A, B);
