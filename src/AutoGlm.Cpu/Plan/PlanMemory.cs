using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;
using MatMul = AutoGlm.Graph.Nodes.MatMul;
using Rope = AutoGlm.Graph.Nodes.Rope;

namespace AutoGlm.Cpu.Plan;

/// <summary>The memory a plan's steps work in: a place for every value, and scratch space.</summary>
internal sealed unsafe class PlanMemory : IDisposable
{
    private readonly List<NativeArray<float>> _arrays = [];
    private readonly Operand[] _operands;
    private readonly List<Operand> _outputs = [];

    public PlanMemory(ComputationGraph graph, int maxRows, int threads)
    {
        MemoryPlan plan = MemoryPlan.For(graph);
        float*[] buffers = new float*[plan.Widths.Count];
        object[] identities = new object[buffers.Length];
        for (int i = 0; i < buffers.Length; i++)
        {
            identities[i] = new object();
            if (i != plan.OutputBuffer) buffers[i] = Allocate((long)maxRows * Pitch(plan.Widths[i]));
        }

        _operands = new Operand[graph.Nodes.Count];
        for (int i = 0; i < _operands.Length; i++)
        {
            Node node = graph.Nodes[i];
            Placement place = plan[new Value(i)];
            _operands[i] = new Operand(node.Width, node.Rows, identities[place.Buffer], place.Column, buffers[place.Buffer], Pitch(place.RowWidth));
            if (place.Buffer == plan.OutputBuffer) _outputs.Add(_operands[i]);
        }

        Activations = new ActivationBuffer(LargestInput(graph, maxRows));
        Kv = new KvBinding(threads, graph.Attentions.Count());
    }

    /// <summary>Quantised inputs of matmuls.</summary>
    public ActivationBuffer Activations { get; }

    public KvBinding Kv { get; }

    public long Bytes => _arrays.Sum(array => array.Bytes) + Activations.Bytes;

    public Operand this[Value value] => _operands[value.Index];

    /// <summary>Gives the output its place: rows of <paramref name="width"/> floats at an address.</summary>
    public void PlaceOutput(float* address, int width)
    {
        foreach (Operand output in _outputs) output.MoveTo(address, width);
    }

    /// <summary>Scratch rows.</summary>
    public ScratchRows Scratch(long rows, int width) => new(new Rows(Allocate(rows * Pitch(width)), Pitch(width)));

    public void Dispose()
    {
        foreach (NativeArray<float> array in _arrays) array.Dispose();
        Activations.Dispose();
        Kv.Dispose();
    }

    private float* Allocate(long floats)
    {
        _arrays.Add(new NativeArray<float>(floats));
        return _arrays[^1].Start;
    }

    /// <summary>Floats from row to row: rows begin at cache lines.</summary>
    private static int Pitch(int width) => (width + 15) & ~15;

    private static long LargestInput(ComputationGraph graph, int maxRows) => graph.Nodes.Max(node => node switch
    {
        MatMul matMul => (long)maxRows * graph[matMul.X].Width,
        HeadMatMul matMul => (long)maxRows * graph[matMul.X].Width,
        ExpertMatMul matMul => ExpertInputs.Values((int)matMul.W.Shape[0], maxRows * matMul.Used, (int)matMul.W.Shape[2]),
        _ => 0,
    });
}

/// <summary>Rows that are no value of the graph.</summary>
internal sealed class ScratchRows(Rows rows)
{
    public Rows Rows => rows;
}
