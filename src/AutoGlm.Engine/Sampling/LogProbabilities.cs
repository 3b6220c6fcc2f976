namespace AutoGlm.Engine.Sampling;

/// <summary>A token and the natural logarithm of its probability.</summary>
public readonly record struct TokenLogProbability(int Token, double LogProbability);

/// <summary>How probable a chosen token was to the model, and what else it thought of.</summary>
/// <param name="Chosen">The token that was chosen.</param>
/// <param name="Alternatives">The most probable tokens, best first; the chosen one may be among them.</param>
public sealed record TokenLogProbabilities(TokenLogProbability Chosen, IReadOnlyList<TokenLogProbability> Alternatives);

/// <summary>Log-probabilities by the model's own logits, before bias, penalties, filters and temperature.</summary>
public static class LogProbabilities
{
    /// <param name="logits">One for each token; NaN counts as minus infinity.</param>
    /// <param name="chosen">The token that was chosen.</param>
    /// <param name="count">Alternatives wanted, 0 and up; fewer come where fewer tokens are possible.</param>
    public static TokenLogProbabilities Of(ReadOnlySpan<float> logits, int chosen, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if ((uint)chosen >= (uint)logits.Length) throw new ArgumentOutOfRangeException(nameof(chosen), chosen, $"There are {logits.Length} logits.");
        float max = Softmax.Max(logits);
        double logTotal = float.IsFinite(max) ? max + Math.Log(Softmax.Sum(logits, max)) : max;
        var alternatives = new TokenLogProbability[Math.Min(count, logits.Length)];
        if (alternatives.Length == 0) return new TokenLogProbabilities(Of(logits, chosen, logTotal), alternatives);
        var top = new TopSelection();
        top.Select(logits, alternatives.Length);
        int found = top.Count;
        for (int i = found - 1; top.TryPopWorst(out _, out int id); i--) alternatives[i] = Of(logits, id, logTotal);
        return new TokenLogProbabilities(Of(logits, chosen, logTotal), alternatives[..found]);
    }

    private static TokenLogProbability Of(ReadOnlySpan<float> logits, int token, double logTotal)
    {
        float logit = logits[token];
        if (double.IsPositiveInfinity(logTotal)) return new TokenLogProbability(token, float.IsPositiveInfinity(logit) ? 0 : double.NegativeInfinity);
        return new TokenLogProbability(token, float.IsNaN(logit) || float.IsNegativeInfinity(logit) ? double.NegativeInfinity : logit - logTotal);
    }
}
