namespace AutoGlm.Graph;

/// <summary>The symbolic row count of a value.</summary>
public enum RowSpace
{
    /// <summary>One row for each token of the batch.</summary>
    Tokens,

    /// <summary>One row for each token whose logits are wanted.</summary>
    Logits,
}
