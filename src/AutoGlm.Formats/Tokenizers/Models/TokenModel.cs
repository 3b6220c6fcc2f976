namespace AutoGlm.Formats.Tokenizers;

/// <summary>How one piece of text becomes token ids: the algorithm of a tokenizer. Immutable, for any number of threads.</summary>
internal abstract class TokenModel
{
    /// <summary>Appends the ids of a piece to the context's output.</summary>
    /// <param name="piece">Not empty.</param>
    public abstract void Encode(ReadOnlySpan<byte> piece, EncodeContext context);
}
