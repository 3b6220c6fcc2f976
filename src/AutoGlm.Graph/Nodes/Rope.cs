namespace AutoGlm.Graph.Nodes;

/// <summary>Which columns of a head form the pairs that are rotated.</summary>
public enum RopeLayout
{
    /// <summary>(0, d/2), (1, d/2+1) …: GPT-NeoX, and Hugging Face's Llama.</summary>
    Halves,

    /// <summary>(0, 1), (2, 3) …: the RoFormer paper, GLM, and GGUF's Llama.</summary>
    Interleaved,
}

/// <summary>The rotation of one family of layers: pair i of a row at position p turns by p·InverseFrequencies[i].</summary>
/// <param name="Layout">Which columns form a pair.</param>
/// <param name="InverseFrequencies">Radians per position, one for each pair; twice as many columns are rotated, the first of a head.</param>
/// <param name="Magnitude">Factor on the rotated columns (YaRN's attention temperature; 1 where there is none).</param>
public sealed record RopeTable(RopeLayout Layout, float[] InverseFrequencies, float Magnitude)
{
    /// <summary>Columns of a head that are rotated.</summary>
    public int Dimensions => 2 * InverseFrequencies.Length;
}

/// <summary>Rotary position embedding (arXiv:2104.09864) of each head of <paramref name="HeadSize"/> columns.</summary>
public sealed record Rope(Value X, int HeadSize, RopeTable Table) : UnaryNode(X)
{
    public override Value? InPlace => X;
}
