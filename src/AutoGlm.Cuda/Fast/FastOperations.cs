using System.Runtime.InteropServices;
using AutoGlm.Cuda.Elementwise;
using AutoGlm.Cuda.FlashAttention;
using AutoGlm.Cuda.Linear;
using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;
using AutoGlm.Cuda.Plan;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Fast;

/// <summary>The operations by the tuned kernels, each started while the one before it ends where the card can.</summary>
internal sealed class FastOperations : Operations
{
    private readonly LinearKernels _linear;
    private readonly LinearWorkspace _workspace;
    private readonly NormLauncher _norms;
    private readonly ElementLauncher _elements;
    private readonly RopeLauncher _ropes;
    private readonly RouterLauncher _routers;
    private readonly AttentionLayers _attention;
    private readonly CudaFunction[] _functions;
    private readonly DeviceBuffer _second;
    private readonly bool _overlap;

    public FastOperations(CudaDevice device, CudaStream stream, KernelLibrary kernels, ComputationGraph graph, int maxRows)
    {
        _overlap = device.ComputeCapability.Major >= 9;
        _linear = new LinearKernels(device, kernels);
        kernels.Prepare(Names(kernels, graph));
        List<ExpertMatMul> experts = [.. graph.Nodes.OfType<ExpertMatMul>()];
        int columns = graph.Nodes.OfType<MatMul>().Select(node => (int)node.W.Shape[^1]).Concat(experts.Select(node => (int)node.W.Shape[^1])).Append(1).Max();
        int used = experts.Select(node => node.Used).Append(0).Max(), matrices = experts.Select(node => (int)node.W.Shape[0]).Append(0).Max();
        _workspace = new LinearWorkspace(device, stream, maxRows, columns, used, matrices);
        _second = new DeviceBuffer(device, LinearKernels.OperandBytes(maxRows, columns), "what products hand on");
        _norms = new NormLauncher(device, kernels);
        _elements = new ElementLauncher(kernels);
        _ropes = new RopeLauncher(kernels);
        _routers = new RouterLauncher(kernels);
        _attention = new AttentionLayers(device, kernels, graph, maxRows);
        _functions = [.. FunctionNames.Select(name => _elements.Function(name))];
    }

    /// <summary>By the numbers of <see cref="ElementFunction"/>.</summary>
    private static string[] FunctionNames => ["add", "multiply", "scale", "soft_cap", "silu", "gelu_tanh", "gelu", "silu_gated", "gelu_tanh_gated", "gelu_gated", "clamped_swiglu"];

    public override int Tiles => _attention.Tiles;

    public override bool Begin(StepContext context, ForwardBatch batch)
    {
        bool moved = _attention.Bind(context.Layout);
        _attention.Send(context.Stream, batch);
        return moved;
    }

    public override DeviceMatrix LoadMatrix(Tensor tensor, bool gated, bool table, WeightUploader uploader) => PackedWeights.Load(tensor, gated, table, uploader, _linear);

    public override bool Fuses(TensorType type) => PackedFormat.Get(type) != PackedFormat.Single;

    public override bool FusesHeads => true;

    public override void Embed(StepContext context, DeviceMatrix table, Operand y) =>
        _linear.Gather(context.Stream, ((PackedWeights)table).Packed, context.Tokens, context.RowsOf(y.Space), y.Address, y.Stride);

    public override void SelectRows(StepContext context, Operand x, Operand y) => Copy(
        context, y, new CopyArgs { X = x.Address, XStride = x.Stride, Y = y.Address, YStride = y.Stride, Rows = context.SelectedRows, Groups = 1, Width = y.Width });

    public override void CopyGroups(StepContext context, int groups, int width, Operand x, int xOffset, Operand y, int yOffset) => Copy(
        context,
        y,
        new CopyArgs
        {
            X = x.Address,
            XStride = x.Stride,
            Y = y.Address,
            YStride = y.Stride,
            Groups = groups,
            Width = width,
            XGroup = x.Width / groups,
            YGroup = y.Width / groups,
            XOffset = xOffset,
            YOffset = yOffset,
        });

    public override void Prepare(StepContext context, DeviceMatrix matrix, Operand x, InputNorm norm)
    {
        PackedMatrix packed = ((PackedWeights)matrix).Packed;
        int rows = context.RowsOf(x.Space);
        if (rows == 0 || IsHanded(x, rows)) return;
        bool floats = _linear.ReadsFloats(packed, rows);
        if (norm.Normed is { } normed && (floats ? rows > 1 : x.Width % LinearKernels.OperandColumns != 0))
        {
            RmsNorm(context, x, norm.Gain, norm.Epsilon, x.Width, normed);
            (x, norm) = (normed, default);
        }

        if (floats) return;
        if (norm.Gain == 0)
        {
            _linear.Prepare(context.Stream, x.Address, x.Stride, rows, x.Width, packed.Format.BFloat16, _workspace.Operand);
            return;
        }

        RmsNormArgs args = new()
        {
            X = x.Address,
            XStride = x.Stride,
            Gain = norm.Gain,
            Epsilon = norm.Epsilon,
            Y = _workspace.Operand,
            YStride = LinearKernels.OperandRows(rows),
            Width = x.Width,
        };
        _norms.Rows(context.Stream, args, rows, packed.Format.BFloat16 ? ActivationOutput.BrainOperand : ActivationOutput.HalfOperand, _overlap);
    }

    public override void MatMul(StepContext context, DeviceMatrix matrix, Operand x, InputNorm norm, nint bias, Operand? addend, Operand y) =>
        Multiply(context, Call(context, matrix, x, y) with { Bias = bias, Addend = addend?.Address ?? 0, AddendStride = addend?.Stride ?? 0 }, norm, x, y);

    public override void GatedMatMul(StepContext context, DeviceMatrix matrix, Operand x, InputNorm norm, Operand y) =>
        Multiply(context, Call(context, matrix, x, y), norm, x, y);

    public override void HeadMatMul(StepContext context, DeviceMatrix matrix, Operand x, Operand y) => _linear.MatMulOfSlots(context.Stream, Call(context, matrix, x, y));

    public override void ExpertMatMul(StepContext context, DeviceMatrix matrix, Operand x, Operand routing, int used, nint bias, Operand y) =>
        _linear.MatMulOfExperts(context.Stream, Call(context, matrix, x, y) with { Bias = bias }, routing.Address, routing.Stride, used, x.Width != matrix.Inputs, _workspace);

    public override void ExpertSum(StepContext context, Operand x, Operand routing, int used, Operand y) => _routers.Sum(
        context.Stream,
        new ExpertSumArgs { X = x.Address, XStride = x.Stride, Routing = routing.Address, RoutingStride = routing.Stride, Y = y.Address, YStride = y.Stride, Used = used, Width = y.Width },
        context.RowsOf(y.Space),
        _overlap);

    public override void Route(StepContext context, RouterShape shape, Operand x, nint selectionBias, Operand y) => _routers.Route(
        context.Stream,
        new RouterArgs
        {
            Logits = x.Address,
            LogitsStride = x.Stride,
            Bias = selectionBias,
            Y = y.Address,
            YStride = y.Stride,
            Rows = context.RowsOf(y.Space),
            Experts = shape.Experts,
            Used = shape.Used,
            Gating = (int)shape.Gating,
            Groups = shape.Groups,
            GroupsUsed = shape.GroupsUsed,
            Normalize = shape.Normalize ? 1 : 0,
            Scale = shape.Scale,
        },
        _overlap);

    public override void RmsNorm(StepContext context, Operand x, nint gain, float epsilon, int group, Operand y)
    {
        int rows = context.RowsOf(y.Space);
        RmsNormArgs whole = new() { X = x.Address, XStride = x.Stride, Gain = gain, Y = y.Address, YStride = y.Stride, Width = y.Width, Epsilon = epsilon };
        if (IsHanded(y, rows))
        {
            _norms.Rows(context.Stream, whole with { Y = AddressOf(y), YStride = LinearKernels.OperandRows(rows) }, rows, FormOf(y), _overlap);
            return;
        }

        if (group == y.Width && NormLauncher.IsAligned(whole))
        {
            _norms.Rows(context.Stream, whole, rows, ActivationOutput.Single, _overlap);
            return;
        }

        RmsNormGroupsArgs args = new() { X = x.Address, XStride = x.Stride, Gain = gain, Y = y.Address, YStride = y.Stride, Groups = y.Width / group, Size = group, Epsilon = epsilon };
        _norms.Groups(context.Stream, args, rows, _overlap);
    }

    public override void Elements(StepContext context, ElementFunction function, Operand a, Operand? b, Operand y, float p = 0, float r = 0)
    {
        int rows = context.RowsOf(y.Space);
        bool handed = IsHanded(y, rows);
        ElementArgs args = new()
        {
            A = a.Address,
            AStride = a.Stride,
            B = (b ?? a).Address,
            BStride = (b ?? a).Stride,
            Y = handed ? AddressOf(y) : y.Address,
            YStride = handed ? LinearKernels.OperandRows(rows) : y.Stride,
            Width = y.Width,
            P = p,
            R = r,
        };
        CudaFunction kernel = handed ? _elements.Function(FunctionNames[(int)function], FormOf(y)) : _functions[(int)function];
        ElementLauncher.Elements(context.Stream, kernel, args, rows, _overlap);
    }

    public override void Rope(StepContext context, Operand x, int headSize, RopeTable table, nint turns, Operand y) => _ropes.Launch(
        context.Stream,
        new RopeArgs
        {
            Q = x.Address,
            QStride = x.Stride,
            QOut = y.Address,
            QOutStride = y.Stride,
            Positions = context.Positions,
            Turns = turns,
            Heads = y.Width / headSize,
            KeySize = headSize,
            Pairs = table.InverseFrequencies.Length,
            Interleaved = table.Layout == RopeLayout.Interleaved ? 1 : 0,
            Magnitude = table.Magnitude,
            Rows = context.RowsOf(y.Space),
        },
        KvType.F32,
        _overlap);

    public override void Attention(StepContext context, AttentionShape shape, Operand q, Operand k, Operand? v, HeadSteps? heads, nint sinks, Operand y)
    {
        WriteHeads(context, shape, q, k, v, heads);
        Attend(context, shape, heads?.Query ?? q, sinks, y);
    }

    /// <summary>Turns for the rope kernel, as bytes of the card want them.</summary>
    public override byte[] RopeFrequencies(RopeTable table) => MemoryMarshal.AsBytes<ulong>(RopeLauncher.Turns(table.InverseFrequencies)).ToArray();

    public override void Dispose()
    {
        _attention.Dispose();
        _second.Dispose();
        _workspace.Dispose();
    }

    /// <summary>Stores keys and values in their blocks; where head norms and rotation are fused, queries too are left as attention reads them.</summary>
    private void WriteHeads(StepContext context, AttentionShape shape, Operand q, Operand k, Operand? v, HeadSteps? heads)
    {
        KvLayout layout = context.Layout;
        KvLayerLayout layer = layout.Layers[shape.Layer];
        _ropes.Launch(
            context.Stream,
            new RopeArgs
            {
                Q = heads is null ? 0 : q.Address,
                QStride = q.Stride,
                QOut = heads?.Query.Address ?? 0,
                QOutStride = heads?.Query.Stride ?? 0,
                QGain = heads?.QueryGain ?? 0,
                KGain = heads?.KeyGain ?? 0,
                Epsilon = heads?.Epsilon ?? 0,
                Turns = heads?.Frequencies ?? 0,
                Pairs = heads?.Table.InverseFrequencies.Length ?? 0,
                Interleaved = heads?.Table.Layout == RopeLayout.Interleaved ? 1 : 0,
                Magnitude = heads?.Table.Magnitude ?? 1,
                Heads = shape.Heads,
                K = k.Address,
                KStride = k.Stride,
                V = v?.Address ?? 0,
                VStride = v?.Stride ?? 0,
                Positions = context.Positions,
                RowTables = context.RowTables,
                Tables = context.Tables,
                Kv = context.Kv,
                BlockBytes = layout.BlockBytes,
                KeyOffset = layer.KeyOffset,
                KeyScaleOffset = layer.KeyScaleOffset,
                ValueOffset = layer.ValueOffset,
                ValueScaleOffset = layer.ValueScaleOffset,
                KvHeads = shape.KvHeads,
                KeySize = shape.KeySize,
                ValueSize = shape.ValueSize,
                BlockTokens = layout.BlockTokens,
                Rows = context.TokenRows,
            },
            layout.Type,
            _overlap);
    }

    private void Attend(StepContext context, AttentionShape shape, Operand q, nint sinks, Operand y)
    {
        KvLayout layout = context.Layout;
        KvLayerLayout layer = layout.Layers[shape.Layer];
        bool handed = IsHanded(y, context.TokenRows);
        _attention[shape.Layer].Launch(
            context.Stream,
            new AttentionArgs
            {
                Q = q.Address,
                QStride = q.Stride,
                Y = handed ? AddressOf(y) : y.Address,
                YStride = handed ? LinearKernels.OperandRows(context.TokenRows) : y.Stride,
                Output = !handed ? AttentionOutput.Floats : FormOf(y) == ActivationOutput.BrainOperand ? AttentionOutput.Brains : AttentionOutput.Halves,
                Kv = context.Kv,
                Tables = context.Tables,
                Sinks = sinks,
                BlockBytes = layout.BlockBytes,
                BlockTokens = layout.BlockTokens,
                KeyOffset = layer.KeyOffset,
                KeyScaleOffset = layer.KeyScaleOffset,
                ValueOffset = layer.ValueOffset,
                ValueScaleOffset = layer.ValueScaleOffset,
            },
            context.GraphRows,
            _overlap,
            context.GraphTiles);
    }

    /// <summary>Few rows are read as they are, one is normed on the way; of many, the operand is there.</summary>
    private void Multiply(StepContext context, in LinearCall call, InputNorm norm, Operand x, Operand y)
    {
        if (call.Rows == 0) return;
        if (_linear.ReadsFloats(call.Weights, call.Rows))
        {
            LinearCall normed = norm.Normed is null || call.Rows == 1
                ? call with { Gain = norm.Gain, Epsilon = norm.Epsilon }
                : call with { X = norm.Normed.Address, XStride = norm.Normed.Stride };
            _linear.MatMul(context.Stream, normed, _workspace);
            return;
        }

        nint operand = IsHanded(x, call.Rows) ? AddressOf(x) : _workspace.Operand;
        if (IsHanded(y, call.Rows)) _linear.MatMulToOperand(context.Stream, call with { Y = AddressOf(y) }, operand, FormOf(y) == ActivationOutput.BrainOperand, _workspace);
        else _linear.MatMul(context.Stream, call, operand, _workspace);
    }

    /// <summary>True where a value is left as an operand: where it has so many rows that no product reads it as floats.</summary>
    private static bool IsHanded(Operand value, int rows) => value.Handover is not null && rows > GemvShape.MaxRows;

    private nint AddressOf(Operand handed) => handed.Handover!.Slot == 0 ? _workspace.Operand : _second.Address;

    private static ActivationOutput FormOf(Operand handed) => handed.Handover!.Form == PackedWeights.BrainForm ? ActivationOutput.BrainOperand : ActivationOutput.HalfOperand;

    private static LinearCall Call(StepContext context, DeviceMatrix matrix, Operand x, Operand y) =>
        new(((PackedWeights)matrix).Packed, x.Address, x.Stride, context.RowsOf(y.Space), y.Address, y.Stride);

    private IEnumerable<string> Names(KernelLibrary kernels, ComputationGraph graph)
    {
        IEnumerable<TensorType> types = graph.Weights.Where(weight => weight.Shape.Length > 1).Select(weight => weight.Type ?? TensorType.F32).Distinct();
        return types.SelectMany(type => _linear.Names(PackedFormat.Get(type))).Where(kernels.Contains);
    }

    private void Copy(StepContext context, Operand y, in CopyArgs args) => _elements.Copy(context.Stream, args, context.RowsOf(y.Space), _overlap);
}
