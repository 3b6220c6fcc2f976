using System.Numerics.Tensors;
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
    public static float Max(ReadOnlySpan<float> logits) => logits.IsEmpty ? float.NegativeInfinity : Known(TensorPrimitives.MaxNumber(logits));

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

    /// <summary>The sum of exp(logit - max) over all logits.</summary>
    public static double Sum(ReadOnlySpan<float> logits, float max)
    {
        Span<float> weights = stackalloc float[BlockLength];
        double total = 0;
        for (int start = 0; start < logits.Length; start += BlockLength)
        {
            int length = Math.Min(BlockLength, logits.Length - start);
            total += Block(logits.Slice(start, length), max, 1, weights[..length]);
        }

        return total;
    }

    private static double Block(ReadOnlySpan<float> logits, float max, float scale, Span<float> weights)
    {
        Vector256<double> lower = Vector256<double>.Zero, upper = lower;
        Span<float> tail = stackalloc float[Vector256<float>.Count];
        for (int i = 0; i < logits.Length; i += Vector256<float>.Count)
        {
            bool whole = i + Vector256<float>.Count <= logits.Length;
            if (!whole)
            {
                tail.Fill(float.NegativeInfinity);
                logits[i..].CopyTo(tail);
            }

            Vector256<float> x = Vector256.Create(whole ? logits[i..] : tail);
            x = Vector256.ConditionalSelect(Vector256.Equals(x, x), x, Vector256.Create(float.NegativeInfinity));
            Vector256<float> weight = Vector256.Exp((x - Vector256.Create(max)) * scale);
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(weight);
            lower += low;
            upper += high;
            if (whole) weight.CopyTo(weights[i..]);
            else for (int lane = i; lane < logits.Length; lane++) weights[lane] = weight[lane - i];
        }

        return Vector256.Sum(lower + upper);
    }

    private static float Known(float max) => float.IsNaN(max) ? float.NegativeInfinity : max;
}
