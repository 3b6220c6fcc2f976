namespace AutoGlm.Engine.Constraints.Automata;

/// <summary>Bytes that no edge tells apart.</summary>
internal static class ByteClasses
{
    public static (byte[] ClassOf, IReadOnlyList<byte[]> ClassBytes) Of(IReadOnlyList<Node> nodes)
    {
        // Refines the partition edge set by edge set: edges of one node to one target count together.
        int[] classOf = new int[256];
        int count = 1;
        HashSet<(ulong, ulong, ulong, ulong)> seen = [];
        foreach (Node node in nodes)
        {
            foreach (IGrouping<int, (byte Low, byte High, int Target)> edges in node.Edges.GroupBy(edge => edge.Target))
            {
                ulong[] bits = new ulong[4];
                foreach ((byte low, byte high, _) in edges)
                {
                    for (int value = low; value <= high; value++) bits[value >> 6] |= 1UL << (value & 63);
                }

                if (seen.Add((bits[0], bits[1], bits[2], bits[3]))) count = Split(classOf, bits, count);
            }
        }

        byte[][] members = [.. Enumerable.Range(0, count).Select(c => Enumerable.Range(0, 256).Where(value => classOf[value] == c).Select(value => (byte)value).ToArray())];
        return ([.. classOf.Select(c => (byte)c)], members);
    }

    private static int Split(int[] classOf, ulong[] bits, int count)
    {
        Dictionary<int, int> inside = [];
        int[] sizes = new int[256], within = new int[256];
        for (int value = 0; value < 256; value++)
        {
            sizes[classOf[value]]++;
            if (IsIn(value)) within[classOf[value]]++;
        }

        for (int value = 0; value < 256; value++)
        {
            int old = classOf[value];
            if (!IsIn(value) || within[old] == sizes[old]) continue;
            if (!inside.TryGetValue(old, out int moved)) inside[old] = moved = count++;
            classOf[value] = moved;
        }

        return count;

        bool IsIn(int value) => (bits[value >> 6] >> (value & 63) & 1) != 0;
    }
}
