namespace AutoGlm.Formats.Tokenizers;

/// <summary>One step that cuts normalised text into the pieces a model encodes on their own. Immutable.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Cuts a piece and hands each part to <paramref name="next"/>, in order.</summary>
    /// <param name="text">Well-formed UTF-8.</param>
    /// <param name="atStart">True where the piece begins the whole input.</param>
    /// <param name="next">What follows: further steps, then the model.</param>
    public abstract void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink next);
}

/// <summary>Where the parts of a piece go: through the steps that are left, and then to the model.</summary>
internal readonly struct PieceSink(PreTokenizer[] steps, int step, TokenModel model, EncodeContext context)
{
    public EncodeContext Context => context;

    /// <summary>A memory for the step that this sink was handed to; steps that are active together have one each.</summary>
    public RegexMemory Memory => context.RegexMemory(step);

    public void Emit(ReadOnlySpan<byte> piece, bool atStart)
    {
        if (piece.IsEmpty) return;
        if (step == steps.Length) model.Encode(piece, context);
        else steps[step].Split(piece, atStart, new PieceSink(steps, step + 1, model, context));
    }
}
