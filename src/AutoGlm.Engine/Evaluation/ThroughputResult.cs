namespace AutoGlm.Engine.Evaluation;

/// <summary>What a <see cref="ThroughputMeter"/> measures.</summary>
public enum ThroughputKind
{
    /// <summary>Computing one prompt.</summary>
    Prompt,

    /// <summary>Generating, one token of each sequence a step.</summary>
    Generation,
}

/// <summary>How fast a model runs.</summary>
/// <param name="Kind">What was timed.</param>
/// <param name="Tokens">Tokens of each sequence.</param>
/// <param name="Sequences">Sequences that ran together.</param>
/// <param name="Rate">Tokens a second, of all sequences together, in each repetition.</param>
/// <param name="BytesPerToken">
/// Bytes of parameters, keys and values that one token takes from memory, at least: parameters are read once for all sequences of
/// a step (once for all rows of a prompt's batch), keys and values are those of the run's average length.
/// </param>
public sealed record ThroughputResult(ThroughputKind Kind, int Tokens, int Sequences, Sample Rate, double BytesPerToken)
{
    /// <summary>Bytes a second read, by the median rate.</summary>
    public double BytesPerSecond => BytesPerToken * Rate.Median;
}
