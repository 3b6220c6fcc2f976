using AutoGlm.Cuda.Memory;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Cuda.Plan;

/// <summary>A place for every value, in one buffer of the card; the output has its own, which grows with the rows that want logits.</summary>
internal sealed class PlanMemory : IDisposable
{
    private readonly CudaDevice _device;
    private readonly DeviceBuffer _arena;
    private readonly Operand[] _operands;
    private readonly List<Operand> _outputs = [];
    private readonly int _outputStride;
    private DeviceBuffer? _output;

    public PlanMemory(CudaDevice device, ComputationGraph graph, int maxRows)
    {
        _device = device;
        MemoryPlan plan = MemoryPlan.For(graph);
        long[] offsets = new long[plan.Widths.Count];
        long bytes = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = bytes;
            if (i != plan.OutputBuffer) bytes += DeviceBuffer.Align((long)maxRows * Pitch(plan.Widths[i]) * sizeof(float));
        }

        _arena = new DeviceBuffer(device, Math.Max(bytes, 1), $"activations of {maxRows} rows");
        _outputStride = Pitch(plan.Widths[plan.OutputBuffer]);
        _operands = new Operand[graph.Nodes.Count];
        for (int i = 0; i < _operands.Length; i++)
        {
            Node node = graph.Nodes[i];
            Placement place = plan[new Value(i)];
            bool output = place.Buffer == plan.OutputBuffer;
            _operands[i] = new Operand(node.Width, node.Rows, place.Column, output ? 0 : _arena.Address + (nint)offsets[place.Buffer], Pitch(place.RowWidth));
            if (output) _outputs.Add(_operands[i]);
        }
    }

    public long Bytes => _arena.Bytes + (_output?.Bytes ?? 0);

    public Operand this[Value value] => _operands[value.Index];

    /// <summary>Rows of output there is room for.</summary>
    public int OutputRows { get; private set; }

    /// <summary>Makes room for rows of output.</summary>
    /// <returns>True where the output has moved.</returns>
    public bool ReserveOutput(int rows)
    {
        if (rows <= OutputRows) return false;
        int more = Math.Max(rows, 2 * OutputRows);
        _output?.Dispose();
        _output = new DeviceBuffer(_device, (long)more * _outputStride * sizeof(float), $"logits of {more} rows");
        OutputRows = more;
        foreach (Operand output in _outputs) output.MoveTo(_output.Address);
        return true;
    }

    public void Dispose()
    {
        _arena.Dispose();
        _output?.Dispose();
    }

    /// <summary>Floats from row to row: rows begin at 128 bytes.</summary>
    private static int Pitch(int width) => (width + 31) & ~31;
}
