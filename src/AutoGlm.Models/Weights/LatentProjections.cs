using AutoGlm.Formats;
using AutoGlm.Formats.Tensors;

namespace AutoGlm.Models.Weights;

/// <summary>
/// Latent attention's up-projection, kept by most files as one matrix [heads·(plain + value), rank], as the graph wants it:
/// <c>attn_k_b</c> [heads, rank, plain] (each head's key part, transposed) and <c>attn_v_b</c> [heads, value, rank].
/// </summary>
internal static class LatentProjections
{
    /// <summary>The name of the joined matrix that a split one is part of; null for other names.</summary>
    public static string? SourceOf(string name) =>
        name.EndsWith(".attn_k_b.weight", StringComparison.Ordinal) || name.EndsWith(".attn_v_b.weight", StringComparison.Ordinal)
            ? name[..^"k_b.weight".Length] + "kv_b.weight"
            : null;

    public static Tensor Split(string name, Tensor joined, string location, int heads, int plain, int value)
    {
        long rank = joined.RowLength;
        if (plain < 1 || value < 1 || heads < 1 || joined.RowCount != (long)heads * (plain + value))
            throw new ModelFormatException(location, joined.Name, $"has {joined.RowCount} rows, {heads} heads of {plain} + {value} columns ask for {(long)heads * (plain + value)}");
        return name.EndsWith(".attn_k_b.weight", StringComparison.Ordinal)
            ? ComputedTensor.OfFloats(name, [heads, rank, plain], () => Keys(joined, heads, plain, value))
            : ComputedTensor.OfFloats(name, [heads, value, rank], () => Values(joined, heads, plain, value));
    }

    private static float[] Keys(Tensor joined, int heads, int plain, int value)
    {
        int rank = (int)joined.RowLength;
        float[] keys = new float[checked(heads * rank * plain)];
        float[] row = new float[rank];
        for (int head = 0; head < heads; head++)
        {
            for (int column = 0; column < plain; column++)
            {
                joined.DecodeRows((long)head * (plain + value) + column, 1, row);
                for (int r = 0; r < rank; r++) keys[(head * rank + r) * plain + column] = row[r];
            }
        }

        return keys;
    }

    private static float[] Values(Tensor joined, int heads, int plain, int value)
    {
        int rank = (int)joined.RowLength;
        float[] values = new float[checked(heads * value * rank)];
        for (int head = 0; head < heads; head++)
            joined.DecodeRows((long)head * (plain + value) + plain, value, values.AsSpan(head * value * rank, value * rank));
        return values;
    }
}
