namespace AutoGlm.Graph.Nodes;

/// <summary>a + b.</summary>
public sealed record Add(Value A, Value B) : BinaryNode(A, B)
{
    public override Value? InPlace => A;
}

/// <summary>a ∘ b.</summary>
public sealed record Multiply(Value A, Value B) : BinaryNode(A, B)
{
    public override Value? InPlace => A;
}

/// <summary>x times a constant.</summary>
public sealed record Scale(Value X, float Factor) : UnaryNode(X)
{
    public override Value? InPlace => X;
}

/// <summary>c·tanh(x/c): Gemma 2's bound on logits.</summary>
public sealed record SoftCap(Value X, float Cap) : UnaryNode(X)
{
    public override Value? InPlace => X;
}

/// <summary>A function of one variable.</summary>
public enum ActivationKind
{
    /// <summary>x·σ(x).</summary>
    Silu,

    /// <summary>GELU by its tanh approximation.</summary>
    GeluTanh,

    /// <summary>GELU by the error function.</summary>
    Gelu,
}

/// <summary>An activation function, element by element.</summary>
public sealed record Activate(Value X, ActivationKind Kind) : UnaryNode(X)
{
    public override Value? InPlace => X;
}

/// <summary>activation(a) ∘ b: SwiGLU and GeGLU (arXiv:2002.05202).</summary>
public sealed record Gated(Value A, Value B, ActivationKind Kind) : BinaryNode(A, B)
{
    public override Value? InPlace => A;
}

/// <summary>gpt-oss's gate: g = min(a, limit), u = clamp(b, ±limit); (u + 1)·g·σ(alpha·g).</summary>
public sealed record ClampedSwiGlu(Value A, Value B, float Alpha, float Limit) : BinaryNode(A, B)
{
    public override Value? InPlace => A;
}
