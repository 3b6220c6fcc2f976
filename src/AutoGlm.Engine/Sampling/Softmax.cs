using System.Runtime.Intrinsics;

namespace AutoGlm.Engine.Sampling;

/// <summary>
/// Maxima and exponentials of logits. Vectors are 256 bits wide whatever the machine has, and sums have a fixed order, so that
/// every machine draws the same token. NaN counts as minus infinity.
/// </summary>
internal static class Softmax
{
    /// <summary>Weights are summed in blocks of this many.</summary>
    public const int BlockLength = 256;

    /// <summary>The largest logit; minus infinity where there is none.</summary>
    public static float Max(ReadOnlySpan<float> logits)
    {
        var most = Vector256.Create(float.NegativeInfinity);
        int i = 0;
        for (; i + Vector256<float>.Count <= logits.Length; i += Vector256<float>.Count)
        {
            Vector256<float> x = Vector256.Create(logits[i..]);
            most = Vector256.ConditionalSelect(Vector256.GreaterThan(x, most), x, most);
        }

        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector256<float>.Count; lane++) max = Math.Max(max, most[lane]);
        foreach (float logit in logits[i..]) max = logit > max ? logit : max;
        return max;
    }

    /// <summary>Index of the first of the largest logits.</summary>
    public static int IndexOf(ReadOnlySpan<float> logits, float max) => logits.IndexOf(max);

    public static int BlockCount(int count) => (count + BlockLength - 1) / BlockLength;

    /// <summary>weights[i] = exp((logits[i] - max) * scale), with the sum of each block; returns the sum of all.</summary>
    /// <param name="logits">N logits.</param>
    /// <param name="max">Their largest, finite.</param>
    /// <param name="scale">One over the temperature.</param>
    /// <param name="weights">At least N.</param>
    /// <param name="blockSums">At least one for each <see cref="BlockLength"/> logits begun.</param>
    public static double Weights(ReadOnlySpan<float> logits, float max, float scale, Span<float> weights, Span<double> blockSums)
    {
        double total = 0;
        for (int start = 0, block = 0; start < logits.Length; start += BlockLength, block++)
        {
            int length = Math.Min(BlockLength, logits.Length - start);
            blockSums[block] = Block(logits.Slice(start, length), max, scale, weights.Slice(start, length));
            total += blockSums[block];
        }

        return total;
    }

    /// <summary>The sum of exp(logit - max) over all logits, in double precision.</summary>
    public static double Sum(ReadOnlySpan<float> logits, float max)
    {
        Vector256<double> lower = Vector256<double>.Zero, upper = lower, most = Vector256.Create((double)max);
        for (int i = 0; i < logits.Length; i += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Load(logits[i..]));
            lower += Vector256.Exp(low - most);
            upper += Vector256.Exp(high - most);
        }

        return Vector256.Sum(lower + upper);
    }

    private static double Block(ReadOnlySpan<float> logits, float max, float scale, Span<float> weights)
    {
        Vector256<double> lower = Vector256<double>.Zero, upper = lower;
        for (int i = 0; i < logits.Length; i += Vector256<float>.Count)
        {
            Vector256<float> weight = Vector256.Exp((Load(logits[i..]) - Vector256.Create(max)) * scale);
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(weight);
            lower += low;
            upper += high;
            if (i + Vector256<float>.Count <= weights.Length) weight.CopyTo(weights[i..]);
            else for (int lane = i; lane < weights.Length; lane++) weights[lane] = weight[lane - i];
        }

        return Vector256.Sum(lower + upper);
    }

    /// <summary>The next eight logits; minus infinity for NaN and for what is missing at the end.</summary>
    private static Vector256<float> Load(ReadOnlySpan<float> logits)
    {
        var nothing = Vector256.Create(float.NegativeInfinity);
        Vector256<float> x = nothing;
        if (logits.Length >= Vector256<float>.Count) x = Vector256.Create(logits);
        else for (int lane = 0; lane < logits.Length; lane++) x = x.WithElement(lane, logits[lane]);
        return Vector256.ConditionalSelect(Vector256.Equals(x, x), x, nothing);
    }
}
