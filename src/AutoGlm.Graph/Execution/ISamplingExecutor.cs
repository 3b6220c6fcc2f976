namespace AutoGlm.Graph.Execution;

/// <summary>How the next token of a row is chosen: top-k, then top-p, then min-p, then a draw at a temperature.</summary>
/// <param name="Temperature">Divides the logits before the draw; 0 takes the largest logit, of equals that of the lowest id.</param>
/// <param name="TopK">Keeps the k most probable tokens; 0 keeps all.</param>
/// <param name="TopP">Keeps the fewest most probable tokens that together reach this probability; 1 keeps all.</param>
/// <param name="MinP">Keeps tokens at least this probable relative to the most probable one; 0 keeps all.</param>
/// <param name="Seed">With the counter, what the draw is by: the number that a generator makes of both is the share of all mass, by rising id, up to which tokens are passed over.</param>
/// <param name="Counter">Which of the seed's numbers it is.</param>
public readonly record struct RowSampling(float Temperature, int TopK, float TopP, float MinP, ulong Seed, ulong Counter)
{
    /// <summary>The largest logit.</summary>
    public static RowSampling Greedy { get; } = new(0, 0, 1, 0, 0, 0);
}

/// <summary>
/// An executor that chooses tokens where the logits are, so that these need not leave the device, and that takes a step before the
/// tokens of the one before are known: what the host does for a step then runs beside the step before it. Steps run in the order
/// in which they are begun, and after them whatever is run or copied later. At most two are begun and not ended.
/// </summary>
public interface ISamplingExecutor : IGraphExecutor
{
    /// <summary>Queues a batch, and the choice of a token by each row of logits.</summary>
    /// <param name="batch">As for <see cref="IGraphExecutor.Run"/>; not needed any more once this returns.</param>
    /// <param name="kv">Memory made by the same backend.</param>
    /// <param name="rows">[logit rows of the batch]</param>
    /// <param name="vocabulary">Tokens to choose among: logits from here on are padding.</param>
    /// <param name="follows">
    /// True where each row's token is the one that the step begun last chooses by the same row, and the batch's own tokens count for
    /// nothing. All rows of both steps want logits. A row for which there was none to choose may get any token, which nobody wants.
    /// </param>
    void Begin(ForwardBatch batch, IKvMemory kv, ReadOnlySpan<RowSampling> rows, int vocabulary, bool follows);

    /// <summary>Waits for the first of the steps that were begun and not ended.</summary>
    /// <param name="tokens">[logit rows of its batch]: the token of each; -1 where no logit is a number above minus infinity.</param>
    void End(Span<int> tokens);

    /// <summary>Copies the logits of a row of the step that was ended last. No other may have been begun meanwhile.</summary>
    /// <param name="row">Which row of its logits.</param>
    /// <param name="logits">[vocabulary], with what is padding.</param>
    void ReadLogits(int row, Span<float> logits);
}
