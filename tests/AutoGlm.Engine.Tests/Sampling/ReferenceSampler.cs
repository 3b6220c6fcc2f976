using AutoGlm.Engine.Sampling;

namespace AutoGlm.Engine.Tests.Sampling;

/// <summary>Sampling as the papers describe it: sort everything, in double precision, one filter after the other.</summary>
internal static class ReferenceSampler
{
    /// <summary>Tokens that may be drawn, by rising id, with their probabilities; and how near a filter's border came to its limit.</summary>
    public static (List<(int Id, double Probability)> Tokens, double Margin) Distribution(float[] logits, int[] tokens, SamplingOptions options)
    {
        double margin = double.MaxValue;
        float[] adjusted = Adjust(logits, tokens, options);
        var left = adjusted.Select((logit, id) => (Id: id, Logit: logit)).Where(entry => entry.Logit > float.NegativeInfinity).ToList();
        if (options.Temperature == 0) return ([(left.MaxBy(entry => (entry.Logit, -entry.Id)).Id, 1)], margin);
        left = [.. left.OrderByDescending(entry => entry.Logit).ThenBy(entry => entry.Id)];
        if (options.TopK > 0) left = [.. left.Take(options.TopK)];
        if (options.TypicalP < 1)
        {
            double[] p = Softmax(left, 1);
            double entropy = -p.Where(x => x > 0).Sum(x => x * Math.Log(x));
            double logTotal = LogTotal(left);
            double Surprise((int Id, float Logit) entry) => Math.Abs(logTotal - entry.Logit - entropy);
            List<(int Id, float Logit)> order = [.. left.OrderBy(entry => (float)Surprise(entry)).ThenBy(entry => entry.Id)], kept = Needed(order, left, p, options.TypicalP, ref margin);
            // Two that are as good as equally typical may come in either order.
            if (kept.Count < order.Count && order[kept.Count - 1].Logit != order[kept.Count].Logit)
                margin = Math.Min(margin, Math.Abs(Surprise(order[kept.Count]) - Surprise(order[kept.Count - 1])));
            left = kept;
        }

        if (options.TopP < 1) left = Needed(left, left, Softmax(left, 1), options.TopP, ref margin);
        float floor = left.Max(entry => entry.Logit) + MathF.Log(options.MinP);
        if (options.MinP > 0) left = [.. left.Where(entry => entry.Logit >= floor || entry.Logit == left.Max(other => other.Logit))];
        left = [.. left.OrderBy(entry => entry.Id)];
        double[] probabilities = Softmax(left, 1 / options.Temperature);
        return ([.. left.Select((entry, i) => (entry.Id, probabilities[i]))], margin);
    }

    private static float[] Adjust(float[] logits, int[] tokens, SamplingOptions options)
    {
        var adjusted = (float[])logits.Clone();
        foreach ((int token, float bias) in options.LogitBias ?? new Dictionary<int, float>()) adjusted[token] += bias;
        IEnumerable<int> window = options.PenaltyWindow < 0 ? tokens : tokens.TakeLast(options.PenaltyWindow);
        foreach (IGrouping<int, int> group in window.GroupBy(token => token))
        {
            float logit = adjusted[group.Key];
            logit = logit > 0 ? logit / options.RepetitionPenalty : logit * options.RepetitionPenalty;
            adjusted[group.Key] = logit - group.Count() * options.FrequencyPenalty - options.PresencePenalty;
        }

        return adjusted;
    }

    private static List<(int Id, float Logit)> Needed(
        List<(int Id, float Logit)> order, List<(int Id, float Logit)> entries, double[] probabilities, double target, ref double margin)
    {
        Dictionary<int, double> byId = entries.Select((entry, i) => (entry.Id, probabilities[i])).ToDictionary();
        var kept = new List<(int, float)>();
        double sum = 0;
        foreach ((int Id, float Logit) entry in order)
        {
            kept.Add(entry);
            sum += byId[entry.Id];
            margin = Math.Min(margin, Math.Abs(sum - target));
            if (sum >= target) break;
        }

        return [.. kept.OrderByDescending(entry => entry.Item2).ThenBy(entry => entry.Item1)];
    }

    private static double LogTotal(List<(int Id, float Logit)> entries)
    {
        double max = entries.Max(entry => entry.Logit);
        return max + Math.Log(entries.Sum(entry => Math.Exp(entry.Logit - max)));
    }

    private static double[] Softmax(List<(int Id, float Logit)> entries, double scale)
    {
        double max = entries.Max(entry => entry.Logit);
        double[] weights = [.. entries.Select(entry => Math.Exp((entry.Logit - max) * scale))];
        double total = weights.Sum();
        return [.. weights.Select(weight => weight / total)];
    }
}
