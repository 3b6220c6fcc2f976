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

    /// <summary>The buffer that holds the output, and nothing that is not overwritten in place by it.</summary>
    public int OutputBuffer { get; private init; }

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
        int outputRoot = OutputRoot(graph, lastUse);
        int[] bufferOf = new int[graph.Nodes.Count];
        List<int> widths = [];
        List<int> free = [];
        for (int i = 0; i < bufferOf.Length; i++)
        {
            Node node = graph.Nodes[i];
            int? overwritten = Overwritten(graph, lastUse, i);
            bufferOf[i] = overwritten is { } input ? bufferOf[input] : Take(i == outputRoot ? [] : free, widths, node.Width);
            foreach (Value read in node.Inputs.Distinct())
            {
                if (lastUse[read.Index] == i && read.Index != overwritten) free.Add(bufferOf[read.Index]);
            }

            if (lastUse[i] == i) free.Add(bufferOf[i]);
        }

        return new MemoryPlan(bufferOf, widths, graph.Nodes.Sum(node => (long)node.Width)) { OutputBuffer = bufferOf[graph.Output.Index] };
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

    /// <summary>The input whose buffer a node takes over; null where it needs another.</summary>
    private static int? Overwritten(ComputationGraph graph, int[] lastUse, int node) =>
        graph.Nodes[node].InPlace is { } input && lastUse[input.Index] == node && graph.Nodes[node].Inputs.Count(read => read == input) == 1 ? input.Index : null;

    /// <summary>The node that first writes the memory the output ends in.</summary>
    private static int OutputRoot(ComputationGraph graph, int[] lastUse)
    {
        int root = graph.Output.Index;
        while (Overwritten(graph, lastUse, root) is { } input) root = input;
        return root;
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
