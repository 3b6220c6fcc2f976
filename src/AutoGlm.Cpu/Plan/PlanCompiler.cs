using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using MatMul = AutoGlm.Graph.Nodes.MatMul;
using Rope = AutoGlm.Graph.Nodes.Rope;

namespace AutoGlm.Cpu.Plan;

/// <summary>Turns a graph into a list of steps; see <see cref="PlanScheduler"/> for how a team walks it.</summary>
internal sealed unsafe class PlanCompiler(ComputationGraph graph, WeightStore weights, PlanMemory memory, KernelSet kernels, int maxRows)
{
    private readonly List<PlanStep> _steps = [];
    private readonly List<IDisposable> _owned = [];
    private readonly Dictionary<RopeTable, RopeAngles> _angles = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Value, ExpertOrder> _orders = [];
    private (ScratchRows Inputs, ScratchRows Results)? _expertScratch;

    /// <summary>What the activation buffer holds quantised at this point of the plan, by whose order, and after which norm.</summary>
    private (Value X, Value? Routing, FusedNorm? Norm)? _quantized;

    /// <summary>What the steps own beside <see cref="PlanMemory"/>.</summary>
    public IReadOnlyList<IDisposable> Owned => _owned;

    public PlanStep[] Compile()
    {
        foreach (RopeTable table in graph.Nodes.Select(RotationOf).OfType<RopeTable>().Distinct<RopeTable>(ReferenceEqualityComparer.Instance))
            _angles[table] = Own(new RopeAngles(table, maxRows));
        if (_angles.Count > 0) _steps.Add(new RopeAnglesStep([.. _angles.Values]));

        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            Add(graph.Nodes[i], new Value(i), memory[new Value(i)]);
            // A value that takes over a buffer ends what was quantised from it.
            if (_quantized is { } held && memory[held.X].Memory == memory[new Value(i)].Memory && held.X.Index != i && graph.Nodes[i] is not Slice) _quantized = null;
        }

        return [.. _steps];
    }

    private static RopeTable? RotationOf(Node node) => node switch
    {
        Rope rope => rope.Table,
        Attention attention => attention.Rotation,
        _ => null,
    };

    private void Add(Node node, Value value, Operand y)
    {
        Operand X(int input) => memory[node.Inputs[input]];
        switch (node)
        {
            case Embed embed: _steps.Add(new EmbedStep(weights.Matrix(embed.Table), y)); break;
            case Input: _steps.Add(new InputStep(kernels, y)); break;
            case SelectRows: _steps.Add(new SelectRowsStep(kernels, X(0), y)); break;
            case MatMul matMul: AddMatMul(matMul, y); break;
            case HeadMatMul matMul: AddHeadMatMul(matMul, y); break;
            case RmsNorm norm: _steps.Add(new RmsNormStep(kernels, weights.Vector(norm.Gain), norm.Epsilon, norm.GroupSize, X(0), y)); break;
            case Graph.Nodes.Add: AddZip(default(AddOp), X(0), X(1), y); break;
            case ResidualAdd sum: _steps.Add(new ResidualAddStep(kernels, X(0), X(1), NormOf(sum.Norm), y)); break;
            case Multiply: AddZip(default(MultiplyOp), X(0), X(1), y); break;
            case ClampedSwiGlu gate: AddZip(new ClampedSwiGluOp(gate.Alpha, gate.Limit), X(0), X(1), y); break;
            case Scale scale: AddMap(new ScaleOp(scale.Factor), X(0), y); break;
            case SoftCap cap: AddMap(new SoftCapOp(cap.Cap), X(0), y); break;
            case Activate activate: AddActivation(activate.Kind, X(0), y); break;
            case Gated gated: AddGated(gated.Kind, X(0), X(1), y); break;
            case Slice when X(0).Memory == y.Memory: break;
            case Slice slice: AddCopy(slice.Groups, slice.Width / slice.Groups, X(0), slice.Offset, y, 0); break;
            case Concat concat:
                int left = X(0).Width / concat.Groups;
                AddCopy(concat.Groups, left, X(0), 0, y, 0);
                AddCopy(concat.Groups, X(1).Width / concat.Groups, X(1), 0, y, left);
                break;
            case Rope rope: _steps.Add(new RopeStep(kernels, _angles[rope.Table], rope.HeadSize, X(0), y)); break;
            case Attention attention: AddAttention(attention, y); break;
            case Route route: AddRoute(route, value, y); break;
            case ExpertMatMul matMul: AddExpertMatMul(matMul, y); break;
            case ExpertSum sum: _steps.Add(new ExpertSumStep(kernels, sum.Used, X(0), X(1), y)); break;
            default: throw new NotSupportedException($"The CPU backend does not know {node.Operation}.");
        }
    }

    private void AddMap<TOp>(TOp op, Operand x, Operand y) where TOp : struct, IUnary => _steps.Add(new MapStep<TOp>(kernels, op, x, y));

    private void AddZip<TOp>(TOp op, Operand a, Operand b, Operand y) where TOp : struct, IBinary => _steps.Add(new ZipStep<TOp>(kernels, op, a, b, y));

    private void AddCopy(int groups, int width, Operand x, int xColumn, Operand y, int yColumn) =>
        _steps.Add(groups == 1 ? new CopyColumnsStep(kernels, width, x, xColumn, y, yColumn) : new CopyGroupsStep(kernels, groups, width, x, xColumn, y, yColumn));

    private void AddGated(ActivationKind kind, Operand gate, Operand up, Operand y)
    {
        switch (kind)
        {
            case ActivationKind.Silu: AddZip(default(GatedOp<SiluOp>), gate, up, y); break;
            case ActivationKind.GeluTanh: AddZip(default(GatedOp<GeluTanhOp>), gate, up, y); break;
            case ActivationKind.Gelu: AddZip(default(GatedOp<GeluErfOp>), gate, up, y); break;
            default: throw new NotSupportedException($"The CPU backend does not know {kind}.");
        }
    }

    private void AddActivation(ActivationKind kind, Operand x, Operand y)
    {
        switch (kind)
        {
            case ActivationKind.Silu: AddMap(default(SiluOp), x, y); break;
            case ActivationKind.GeluTanh: AddMap(default(GeluTanhOp), x, y); break;
            case ActivationKind.Gelu: AddMap(default(GeluErfOp), x, y); break;
            default: throw new NotSupportedException($"The CPU backend does not know {kind}.");
        }
    }

    private void AddMatMul(MatMul node, Operand y)
    {
        PackedMatrix matrix = weights.Matrix(node.W);
        Quantize(matrix, node.X, node.Norm);
        if (node.Addend is { } addend && !IsAt(memory[addend], y)) AddCopy(1, y.Width, memory[addend], 0, y, 0);
        float* bias = node.Bias is { } vector ? weights.Vector(vector) : null;
        _steps.Add(new MatMulStep(kernels, memory.Activations, matrix, bias, memory[node.X], y, node.Addend is not null));
    }

    private static bool IsAt(Operand x, Operand y) => x.Memory == y.Memory && x.Rows.Data == y.Rows.Data;

    private void AddHeadMatMul(HeadMatMul node, Operand y)
    {
        PackedMatrix matrix = weights.Matrix(node.W);
        Quantize(matrix, node.X);
        _steps.Add(new HeadMatMulStep(kernels, memory.Activations, matrix, memory[node.X], y));
    }

    /// <exception cref="InvalidOperationException">A norm was fused that float weights have no use for: the graph's types are not those of the weights.</exception>
    private void Quantize(PackedMatrix matrix, Value x, FusedNorm? norm = null)
    {
        if (matrix.Format.IsFloat && norm is not null) throw new InvalidOperationException($"{norm.Gain}: a norm was fused into a product of float weights, which the graph says are quantised.");
        if (matrix.Format.IsFloat || _quantized == (x, null, norm)) return;
        if (norm is null) _steps.Add(new QuantizeStep(kernels, memory.Activations, memory[x]));
        else if (_steps[^1] is ResidualAddStep sum && sum.Y == memory[x]) _steps[^1] = sum.Quantized(memory.Activations, NormOf(norm));
        else _steps.Add(new NormQuantizeStep(kernels, memory.Activations, NormOf(norm), memory[x]));
        _quantized = (x, null, norm);
    }

    private RowNorm NormOf(FusedNorm? norm) => norm is null ? default : new(weights.Vector(norm.Gain), norm.Epsilon);

    private void AddAttention(Attention node, Operand y)
    {
        RopeAngles? rotation = node.Rotation is { } table ? _angles[table] : null;
        float* sinks = node.Shape.Sinks is { } vector ? weights.Vector(vector) : null;
        _steps.Add(new KvWriteStep(kernels, memory.Kv, node.Shape, rotation, memory[node.K], node.V is { } v ? memory[v] : null));
        _steps.Add(new AttentionStep(new AttentionWork(kernels, memory.Kv, node.Shape, rotation, sinks, memory[node.Q], y)));
    }

    private void AddRoute(Route node, Value value, Operand y)
    {
        _steps.Add(new RouteStep(node.Shape, node.Shape.SelectionBias is { } bias ? weights.Vector(bias) : null, memory[node.X], y));
        ExpertOrder order = Own(new ExpertOrder(node.Shape.Experts, node.Shape.Used, maxRows));
        _orders[value] = order;
        _steps.Add(new ExpertOrderStep(order, y));
    }

    private void AddExpertMatMul(ExpertMatMul node, Operand y)
    {
        PackedMatrix matrix = weights.Matrix(node.W);
        ExpertOrder order = _orders[node.Routing];
        (ScratchRows gathered, ScratchRows results) = _expertScratch ??= AllocateExpertScratch();
        ExpertInputs inputs = new(memory.Activations, order, matrix.Columns, gathered);
        if (_quantized != (node.X, node.Routing, null))
        {
            _steps.Add(new ExpertGatherStep(kernels, order, matrix.Columns, memory[node.X], gathered));
            if (!matrix.Format.IsFloat) _steps.Add(new ExpertQuantizeStep(kernels, order, inputs));
            _quantized = (node.X, node.Routing, null);
        }

        float* bias = node.Bias is { } vector ? weights.Vector(vector) : null;
        _steps.Add(new ExpertMatMulStep(kernels, order, matrix, bias, inputs, results));
        _steps.Add(new ExpertScatterStep(kernels, order, matrix.RowsPerMatrix, results, y));
    }

    private (ScratchRows Inputs, ScratchRows Results) AllocateExpertScratch()
    {
        List<ExpertMatMul> experts = [.. graph.Nodes.OfType<ExpertMatMul>()];
        long rows = (long)maxRows * experts.Max(node => node.Used);
        return (memory.Scratch(rows, experts.Max(node => (int)node.W.Shape[2])), memory.Scratch(rows, experts.Max(node => (int)node.W.Shape[1])));
    }

    private T Own<T>(T resource) where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
