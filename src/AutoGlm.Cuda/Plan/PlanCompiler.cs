using AutoGlm.Cuda.Memory;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Plan;

/// <summary>Turns a graph into a list of steps.</summary>
internal sealed class PlanCompiler(ComputationGraph graph, DeviceWeights weights, PlanMemory memory, Operations operations, Fusions? fusions, bool handOver, CudaDevice device)
{
    private readonly List<PlanStep> _steps = [];
    private readonly List<IDisposable> _owned = [];
    private readonly Dictionary<RopeTable, nint> _frequencies = new(ReferenceEqualityComparer.Instance);

    /// <summary>The value that matmuls find prepared, and its form, at this point of the plan.</summary>
    private (Value X, int Form)? _prepared;

    /// <summary>What the steps own beside <see cref="PlanMemory"/>.</summary>
    public IReadOnlyList<IDisposable> Owned => _owned;

    public PlanStep[] Compile(CudaStream stream)
    {
        foreach (RopeTable table in graph.Nodes.OfType<Rope>().Select(rope => rope.Table).Distinct<RopeTable>(ReferenceEqualityComparer.Instance))
            _frequencies[table] = Upload(operations.RopeFrequencies(table), stream);
        if (handOver) HandOver();
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (fusions?.IsAbsorbed(i) != true) Add(graph.Nodes[i], i, memory[new Value(i)]);
        }

        return [.. _steps];
    }

    private void HandOver()
    {
        bool IsQueuedNot(int node) => graph.Nodes[node] is Slice slice && IsView(memory[slice.X], memory[new Value(node)], slice.Offset, slice.Groups);
        Handovers handovers = new(graph, fusions, IsQueuedNot, value => memory[value].Address % 16 == 0, weight => weights.Matrix(weight).InputForm);
        foreach ((int value, Handover handover) in handovers.Find()) memory[new Value(value)].Handover = handover;
    }

    private void Add(Node node, int index, Operand y)
    {
        Operand X(int input) => memory[node.Inputs[input]];
        void Step(Action<StepContext> queue) => _steps.Add(new PlanStep($"%{index} {node.Operation}", queue));
        void Elements(ElementFunction function, float p = 0, float r = 0)
        {
            (Operand a, Operand? b) = (X(0), node.Inputs.Count > 1 ? X(1) : null);
            Step(context => operations.Elements(context, function, a, b, y, p, r));
        }

        switch (node)
        {
            case Embed embed: Step(context => operations.Embed(context, weights.Matrix(embed.Table), y)); break;
            case SelectRows: Step(With(X(0), (context, x) => operations.SelectRows(context, x, y))); break;
            case MatMul matMul: AddMatMul(matMul, Step, y); break;
            case HeadMatMul matMul: AddHeadMatMul(matMul, Step, y); break;
            case ExpertMatMul matMul: AddExpertMatMul(matMul, Step, y); break;
            case RmsNorm norm: Step(With(X(0), (context, x) => operations.RmsNorm(context, x, weights.Vector(norm.Gain), norm.Epsilon, norm.GroupSize, y))); break;
            case Graph.Nodes.Add: Elements(ElementFunction.Add); break;
            case Multiply: Elements(ElementFunction.Multiply); break;
            case ClampedSwiGlu gate: Elements(ElementFunction.ClampedSwiGlu, gate.Alpha, gate.Limit); break;
            case Scale scale: Elements(ElementFunction.Scale, scale.Factor); break;
            case SoftCap cap: Elements(ElementFunction.SoftCap, cap.Cap); break;
            case Activate activate: Elements(ElementFunction.Silu + (int)activate.Kind); break;
            case Gated when fusions?.MatMulOf(index) is { } matMul: AddGatedMatMul(matMul, Step, y); break;
            case Gated gated: Elements(ElementFunction.SiluGated + (int)gated.Kind); break;
            case Slice when IsView(X(0), y, ((Slice)node).Offset, ((Slice)node).Groups): break;
            case Slice slice: Step(With(X(0), (context, x) => operations.CopyGroups(context, slice.Groups, slice.Width / slice.Groups, x, slice.Offset, y, 0))); break;
            case Concat concat: AddConcat(concat, Step, y); break;
            case Rope rope: Step(With(X(0), (context, x) => operations.Rope(context, x, rope.HeadSize, rope.Table, _frequencies[rope.Table], y))); break;
            case Attention attention: AddAttention(attention, index, Step, y); break;
            case Route route: Step(With(X(0), (context, x) => operations.Route(context, route.Shape, x, weights.VectorOrNone(route.Shape.SelectionBias), y))); break;
            case ExpertSum sum: Step(With(X(0), (context, x) => operations.ExpertSum(context, x, memory[sum.Routing], sum.Used, y))); break;
            default: throw new NotSupportedException($"The CUDA backend does not know {node.Operation}.");
        }
    }

    private static Action<StepContext> With(Operand x, Action<StepContext, Operand> queue) => context => queue(context, x);

    /// <summary>True where a slice lies in what it is cut from.</summary>
    private static bool IsView(Operand x, Operand y, int offset, int groups) => groups == 1 && x.Stride == y.Stride && x.Address + offset * sizeof(float) == y.Address;

    private void AddMatMul(MatMul node, Action<Action<StepContext>> step, Operand y)
    {
        DeviceMatrix matrix = weights.Matrix(node.W);
        (Operand x, InputNorm norm) = Input(node.X);
        Operand? addend = node.Addend is { } value ? memory[value] : null;
        nint bias = weights.VectorOrNone(node.Bias);
        Prepare(node.X, matrix, step);
        step(context => operations.MatMul(context, matrix, x, norm, bias, addend, y));
    }

    private void AddGatedMatMul(MatMul node, Action<Action<StepContext>> step, Operand y)
    {
        DeviceMatrix matrix = weights.Matrix(node.W);
        (Operand x, InputNorm norm) = Input(node.X);
        Prepare(node.X, matrix, step);
        step(context => operations.GatedMatMul(context, matrix, x, norm, y));
    }

    /// <summary>What a matmul reads, and what it norms that by.</summary>
    private (Operand X, InputNorm Norm) Input(Value x) =>
        fusions?.NormOf(x) is { } norm ? (memory[norm.X], new InputNorm(weights.Vector(norm.Gain), norm.Epsilon, memory[x])) : (memory[x], default);

    private void AddHeadMatMul(HeadMatMul node, Action<Action<StepContext>> step, Operand y)
    {
        DeviceMatrix matrix = weights.Matrix(node.W);
        Operand x = memory[node.X];
        step(context => operations.HeadMatMul(context, matrix, x, y));
    }

    private void AddExpertMatMul(ExpertMatMul node, Action<Action<StepContext>> step, Operand y)
    {
        DeviceMatrix matrix = weights.Matrix(node.W);
        (Operand x, Operand routing) = (memory[node.X], memory[node.Routing]);
        nint bias = weights.VectorOrNone(node.Bias);
        step(context => operations.ExpertMatMul(context, matrix, x, routing, node.Used, bias, y));
        // Experts may keep their sorted rows where other products' inputs were.
        _prepared = null;
    }

    private void Prepare(Value value, DeviceMatrix matrix, Action<Action<StepContext>> step)
    {
        if (_prepared == (value, matrix.InputForm)) return;
        _prepared = (value, matrix.InputForm);
        (Operand x, InputNorm norm) = Input(value);
        step(context => operations.Prepare(context, matrix, x, norm));
    }

    private void AddConcat(Concat node, Action<Action<StepContext>> step, Operand y)
    {
        (Operand a, Operand b) = (memory[node.A], memory[node.B]);
        int left = a.Width / node.Groups, right = b.Width / node.Groups;
        step(context =>
        {
            operations.CopyGroups(context, node.Groups, left, a, 0, y, 0);
            operations.CopyGroups(context, node.Groups, right, b, 0, y, left);
        });
    }

    private void AddAttention(Attention node, int index, Action<Action<StepContext>> step, Operand y)
    {
        (Operand q, Operand k, Operand? v) = (memory[node.Q], memory[node.K], node.V is { } value ? memory[value] : null);
        HeadSteps? heads = null;
        if (fusions?.TransformOf(index) is { } transform)
        {
            float epsilon = (transform.QueryNorm ?? transform.KeyNorm)?.Epsilon ?? 0;
            heads = new HeadSteps(
                transform.Rope.Table, _frequencies[transform.Rope.Table], weights.VectorOrNone(transform.QueryNorm?.Gain), weights.VectorOrNone(transform.KeyNorm?.Gain), epsilon, q);
            (q, k) = (memory[transform.RawQuery], memory[transform.RawKey]);
        }

        nint sinks = weights.VectorOrNone(node.Shape.Sinks);
        step(context => operations.Attention(context, node.Shape, q, k, v, heads, sinks, y));
    }

    private nint Upload(byte[] values, CudaStream stream)
    {
        DeviceBuffer buffer = new(device, values.Length, "rotation frequencies");
        _owned.Add(buffer);
        using PinnedBuffer pinned = new(device, buffer.Bytes);
        values.CopyTo(pinned.Span<byte>(0, values.Length));
        stream.Upload(buffer.Address, pinned.Address, buffer.Bytes);
        stream.Synchronize();
        return buffer.Address;
    }
}
