using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// Which buffer holds each value: a buffer is taken over once the value in it has been read for the last time, so that a
/// deep graph runs in the memory of its widest layer.
/// </summary>
public sealed class MemoryPlan
{
    private MemoryPlan(int[] bufferOf, IReadOnlyList<int> widths, long unplannedWidth)
    {
        BufferOf = bufferOf;
        Widths = widths;
        UnplannedBytesPerRow = unplannedWidth * sizeof(float);
    }

    /// <summary>The buffer of each node's value, by node index.</summary>
    public IReadOnlyList<int> BufferOf { get; }

    /// <summary>Columns of each buffer; a buffer [rows, width] holds narrower values too.</summary>
    public IReadOnlyList<int> Widths { get; }

    /// <summary>Activation memory for each row of a batch, with buffers reused.</summary>
    public long BytesPerRow => Widths.Sum(width => (long)width) * sizeof(float);

    /// <summary>What it would be with a buffer for each value.</summary>
    public long UnplannedBytesPerRow { get; }

    public static MemoryPlan For(ComputationGraph graph)
    {
        int[] lastUse = LastUses(graph);
        int[] bufferOf = new int[graph.Nodes.Count];
        List<int> widths = [];
        List<int> free = [];
        for (int i = 0; i < bufferOf.Length; i++)
        {
            bufferOf[i] = Take(free, widths, graph.Nodes[i].Width);
            foreach (Value input in graph.Nodes[i].Inputs.Distinct())
            {
                if (lastUse[input.Index] == i) free.Add(bufferOf[input.Index]);
            }

            if (lastUse[i] == i) free.Add(bufferOf[i]);
        }

        return new MemoryPlan(bufferOf, widths, graph.Nodes.Sum(node => (long)node.Width));
    }

    private static int[] LastUses(ComputationGraph graph)
    {
        int[] lastUse = Enumerable.Range(0, graph.Nodes.Count).ToArray();
        for (int i = 0; i < lastUse.Length; i++)
        {
            foreach (Value input in graph.Nodes[i].Inputs) lastUse[input.Index] = i;
        }

        lastUse[graph.Output.Index] = int.MaxValue;
        return lastUse;
    }

    /// <summary>The narrowest free buffer that is wide enough; else the widest free one, widened; else a new one.</summary>
    private static int Take(List<int> free, List<int> widths, int width)
    {
        if (free.Count == 0)
        {
            widths.Add(width);
            return widths.Count - 1;
        }

        List<int> wideEnough = free.FindAll(buffer => widths[buffer] >= width);
        int chosen = wideEnough.Count > 0 ? wideEnough.MinBy(buffer => widths[buffer]) : free.MaxBy(buffer => widths[buffer]);
        widths[chosen] = Math.Max(widths[chosen], width);
        free.Remove(chosen);
        return chosen;
    }
}
