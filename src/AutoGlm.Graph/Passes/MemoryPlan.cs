using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// Which buffer holds each value: a buffer is taken over once what is in it has been read for the last time, so that a deep
/// graph runs in the memory of its widest layer. Views share the buffer of what they look at.
/// </summary>
public sealed class MemoryPlan
{
    private readonly Placement[] _placements;

    private MemoryPlan(Placement[] placements, IReadOnlyList<int> widths, int outputBuffer, long unplannedWidth)
    {
        _placements = placements;
        Widths = widths;
        OutputBuffer = outputBuffer;
        UnplannedBytesPerRow = unplannedWidth * sizeof(float);
    }

    /// <summary>The buffer that holds the output, and nothing that is not overwritten in place by it or a view of such.</summary>
    public int OutputBuffer { get; }

    /// <summary>Columns of each buffer; a buffer [rows, width] holds narrower values too.</summary>
    public IReadOnlyList<int> Widths { get; }

    /// <summary>Activation memory for each row of a batch, with buffers reused.</summary>
    public long BytesPerRow => Widths.Sum(width => (long)width) * sizeof(float);

    /// <summary>What it would be with a buffer for each value.</summary>
    public long UnplannedBytesPerRow { get; }

    /// <summary>Where a value is.</summary>
    public Placement this[Value value] => _placements[value.Index];

    public static MemoryPlan For(ComputationGraph graph)
    {
        ValueStorage storage = ValueStorage.For(graph);
        int outputRoot = storage.RootOf(graph.Output.Index);
        int[] bufferOf = new int[graph.Nodes.Count];
        List<int> widths = [];
        List<int> free = [];
        for (int i = 0; i < bufferOf.Length; i++)
        {
            int root = storage.RootOf(i);
            bufferOf[i] = root == i ? Take(i == outputRoot ? [] : free, widths, graph.Nodes[i].Width) : bufferOf[root];
            foreach (int ended in storage.EndedAt(i)) free.Add(bufferOf[ended]);
        }

        Placement[] placements = new Placement[bufferOf.Length];
        long unplanned = 0;
        for (int i = 0; i < placements.Length; i++)
        {
            placements[i] = new Placement(bufferOf[i], storage.ColumnOf(i), graph.Nodes[storage.RootOf(i)].Width);
            unplanned += graph.Nodes[i].Width;
        }

        return new MemoryPlan(placements, widths, bufferOf[graph.Output.Index], unplanned);
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

/// <summary>A value's place: columns from <paramref name="Column"/> on of rows that are <paramref name="RowWidth"/> columns apart, in a buffer.</summary>
public readonly record struct Placement(int Buffer, int Column, int RowWidth);
