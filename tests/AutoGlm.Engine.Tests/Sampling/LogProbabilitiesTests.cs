using AutoGlm.Engine.Sampling;
using CsCheck;

namespace AutoGlm.Engine.Tests.Sampling;

public class LogProbabilitiesTests
{
    [Fact]
    public void Are_the_log_softmax_of_the_logits()
    {
        Gen.Select(Gen.Float[-20, 20].Array[1, 700], Gen.Int[0, 12]).Sample((logits, count) =>
        {
            double max = logits.Max(), logTotal = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
            TokenLogProbabilities result = LogProbabilities.Of(logits, logits.Length / 2, count);
            Assert.Equal(logits[logits.Length / 2] - logTotal, result.Chosen.LogProbability, 1e-10);
            int[] best = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(count)];
            Assert.Equal(best, result.Alternatives.Select(alternative => alternative.Token));
            foreach (TokenLogProbability alternative in result.Alternatives) Assert.Equal(logits[alternative.Token] - logTotal, alternative.LogProbability, 1e-10);
        });
    }

    [Fact]
    public void Impossible_tokens_are_no_alternatives()
    {
        TokenLogProbabilities result = LogProbabilities.Of([float.NaN, 1, float.NegativeInfinity], 0, 3);
        Assert.Equal(double.NegativeInfinity, result.Chosen.LogProbability);
        TokenLogProbability only = Assert.Single(result.Alternatives);
        Assert.Equal(1, only.Token);
        Assert.Equal(0, only.LogProbability, 1e-12);
    }
}
