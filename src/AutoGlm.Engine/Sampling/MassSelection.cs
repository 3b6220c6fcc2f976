namespace AutoGlm.Engine.Sampling;

/// <summary>
/// Finds how far down an order one must go to gather a given weight, without sorting: quickselect by weight, in linear time on
/// average whatever the order of the input.
/// </summary>
internal static class MassSelection
{
    /// <summary>
    /// Of entries in the order of their keys, smallest first, and of equal keys by position: the last of the fewest first ones
    /// whose weights together reach the target.
    /// </summary>
    /// <param name="keys">A key for each entry.</param>
    /// <param name="weights">A weight for each entry, 0 and up.</param>
    /// <param name="positions">The entries to look at, at least one; left in another order.</param>
    /// <param name="target">The weight to reach; where all together do not, the last entry of all is the answer.</param>
    public static int LastNeeded(ReadOnlySpan<float> keys, ReadOnlySpan<float> weights, Span<int> positions, double target)
    {
        uint random = 0x9E3779B9;
        while (positions.Length > 1)
        {
            random = random * 1664525 + 1013904223;
            int pivot = Partition(keys, positions, (int)((ulong)random * (uint)positions.Length >> 32));
            double before = 0;
            foreach (int position in positions[..pivot]) before += weights[position];
            if (pivot > 0 && before >= target)
            {
                positions = positions[..pivot];
                continue;
            }

            before += weights[positions[pivot]];
            if (before >= target || pivot == positions.Length - 1) return positions[pivot];
            target -= before;
            positions = positions[(pivot + 1)..];
        }

        return positions[0];
    }

    /// <summary>Whether an entry comes no later than the last one needed.</summary>
    public static bool IsNeeded(ReadOnlySpan<float> keys, int position, int last) =>
        keys[position] < keys[last] || (keys[position] == keys[last] && position <= last);

    private static int Partition(ReadOnlySpan<float> keys, Span<int> positions, int pivot)
    {
        int chosen = positions[pivot];
        positions[pivot] = positions[^1];
        int end = 0;
        for (int i = 0; i < positions.Length - 1; i++)
        {
            int position = positions[i];
            if (!IsNeeded(keys, position, chosen)) continue;
            positions[i] = positions[end];
            positions[end++] = position;
        }

        positions[^1] = positions[end];
        positions[end] = chosen;
        return end;
    }
}
