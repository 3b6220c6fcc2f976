using AutoGlm.Cuda.Memory;
using AutoGlm.Cuda.Modules;
using AutoGlm.Cuda.Plan;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Reference;

/// <summary>The operations by definition, on float32 weights: slow, and what the fast ones are tested against.</summary>
internal class ReferenceOperations(KernelLibrary kernels) : Operations
{
    private const int Threads = 256, Warps = Threads / 32, AttentionThreads = 128;

    private readonly CudaFunction _elements = kernels.Get("reference_elements");
    private readonly CudaFunction _copy = kernels.Get("reference_copy");
    private readonly CudaFunction _rmsNorm = kernels.Get("reference_rms_norm");
    private readonly CudaFunction _rope = kernels.Get("reference_rope");
    private readonly CudaFunction _matMul = kernels.Get("reference_matmul");
    private readonly CudaFunction _kvWrite = kernels.Get("reference_kv_write");
    private readonly CudaFunction _attention = kernels.Get("reference_attention");
    private readonly CudaFunction _route = kernels.Get("reference_route");
    private readonly CudaFunction _expertSum = kernels.Get("reference_expert_sum");

    public override DeviceMatrix LoadMatrix(Tensor tensor, bool gated, bool table, WeightUploader uploader) => new FloatMatrix(tensor, table, uploader);

    public override void Embed(StepContext context, DeviceMatrix table, Operand y) => Copy(
        context,
        context.RowsOf(y.Space),
        new RowsArgs { A = ((FloatMatrix)table).Values, AStride = table.Inputs, Y = y.Address, YStride = y.Stride, Ids = context.Tokens, Width = y.Width, Groups = 1 });

    public override void SelectRows(StepContext context, Operand x, Operand y) => Copy(
        context,
        context.RowsOf(y.Space),
        new RowsArgs { A = x.Address, AStride = x.Stride, Y = y.Address, YStride = y.Stride, Ids = context.SelectedRows, Width = y.Width, Groups = 1 });

    public override void CopyGroups(StepContext context, int groups, int width, Operand x, int xOffset, Operand y, int yOffset) => Copy(
        context,
        context.RowsOf(y.Space),
        new RowsArgs
        {
            A = x.Address,
            AStride = x.Stride,
            Y = y.Address,
            YStride = y.Stride,
            Width = width,
            Groups = groups,
            AOffset = xOffset,
            YOffset = yOffset,
            AGroup = x.Width / groups,
            YGroup = y.Width / groups,
        });

    public override void MatMul(StepContext context, DeviceMatrix matrix, Operand x, InputNorm norm, nint bias, Operand? addend, Operand y) => Multiply(
        context, matrix, x, y, 1, new ReferenceMatMulArgs { Bias = bias, Addend = addend?.Address ?? 0, AddendStride = addend?.Stride ?? 0 });

    public override void HeadMatMul(StepContext context, DeviceMatrix matrix, Operand x, Operand y) => Multiply(
        context, matrix, x, y, matrix.Matrices, new ReferenceMatMulArgs { XSlot = matrix.Inputs });

    public override void ExpertMatMul(StepContext context, DeviceMatrix matrix, Operand x, Operand routing, int used, nint bias, Operand y) => Multiply(
        context,
        matrix,
        x,
        y,
        used,
        new ReferenceMatMulArgs { Bias = bias, Routing = routing.Address, RoutingStride = routing.Stride, XSlot = x.Width == matrix.Inputs ? 0 : matrix.Inputs });

    public override void ExpertSum(StepContext context, Operand x, Operand routing, int used, Operand y) => _expertSum.Launch(
        context.Stream,
        Over(context, y),
        Threads,
        0,
        new RowsArgs { A = x.Address, AStride = x.Stride, B = routing.Address, BStride = routing.Stride, Y = y.Address, YStride = y.Stride, Width = y.Width, Groups = used });

    public override void Route(StepContext context, RouterShape shape, Operand x, nint selectionBias, Operand y) => _route.Launch(
        context.Stream,
        new Grid(1, context.RowsOf(y.Space)),
        1,
        2 * (shape.Experts + shape.Groups) * sizeof(float),
        new ReferenceRouteArgs
        {
            X = x.Address,
            Bias = selectionBias,
            Y = y.Address,
            XStride = x.Stride,
            YStride = y.Stride,
            Experts = shape.Experts,
            Used = shape.Used,
            Gating = (int)shape.Gating,
            Groups = shape.Groups,
            GroupsUsed = shape.GroupsUsed,
            Normalize = shape.Normalize ? 1 : 0,
            Scale = shape.Scale,
        });

    public override void RmsNorm(StepContext context, Operand x, nint gain, float epsilon, int group, Operand y) => _rmsNorm.Launch(
        context.Stream,
        new Grid(Grid.Cover(y.Width / group, 32), context.RowsOf(y.Space)),
        32,
        0,
        new RowsArgs { A = x.Address, AStride = x.Stride, B = gain, Y = y.Address, YStride = y.Stride, Width = y.Width, Groups = group, P = epsilon });

    public override void Elements(StepContext context, ElementFunction function, Operand a, Operand? b, Operand y, float p = 0, float r = 0) => _elements.Launch(
        context.Stream,
        Over(context, y),
        Threads,
        0,
        new RowsArgs
        {
            A = a.Address,
            AStride = a.Stride,
            B = (b ?? a).Address,
            BStride = (b ?? a).Stride,
            Y = y.Address,
            YStride = y.Stride,
            Width = y.Width,
            Kind = (int)function,
            P = p,
            R = r,
        });

    public override void Rope(StepContext context, Operand x, int headSize, RopeTable table, nint frequencies, Operand y) => _rope.Launch(
        context.Stream,
        Over(context, y),
        Threads,
        0,
        new ReferenceRopeArgs
        {
            X = x.Address,
            Y = y.Address,
            Frequencies = frequencies,
            Positions = context.Positions,
            XStride = x.Stride,
            YStride = y.Stride,
            Width = y.Width,
            HeadSize = headSize,
            Pairs = table.InverseFrequencies.Length,
            Interleaved = table.Layout == RopeLayout.Interleaved ? 1 : 0,
            Magnitude = table.Magnitude,
        });

    public override void Attention(StepContext context, AttentionShape shape, Operand q, Operand k, Operand? v, HeadSteps? heads, nint sinks, Operand y)
    {
        if (context.Layout.Type is not (KvType.F32 or KvType.F16)) throw new NotSupportedException($"The plain CUDA kernels do not read {context.Layout.Type} keys.");
        KvLayerLayout layer = context.Layout.Layers[shape.Layer];
        ReferenceKvArgs args = new()
        {
            K = k.Address,
            V = v?.Address ?? 0,
            Kv = context.Kv,
            Positions = context.Positions,
            RowTables = context.RowTables,
            Tables = context.Tables,
            Sinks = sinks,
            KStride = k.Stride,
            VStride = v?.Stride ?? 0,
            BlockBytes = context.Layout.BlockBytes,
            KeyOffset = layer.KeyOffset,
            ValueOffset = layer.ValueOffset,
            Heads = shape.Heads,
            KvHeads = shape.KvHeads,
            KeySize = shape.KeySize,
            ValueSize = shape.ValueSize,
            ValueStride = shape.ValueInKey ? shape.KeySize : shape.ValueSize,
            BlockTokens = context.Layout.BlockTokens,
            Half = context.Layout.Type == KvType.F16 ? 1 : 0,
            Window = shape.Window,
            Scale = shape.Scale,
            SoftCap = shape.SoftCap,
        };
        _kvWrite.Launch(context.Stream, new Grid(Grid.Cover(k.Width + (v?.Width ?? 0), Threads), context.TokenRows), Threads, 0, args);
        args.K = q.Address;
        args.KStride = q.Stride;
        args.Y = y.Address;
        args.YStride = y.Stride;
        _attention.Launch(context.Stream, new Grid(shape.Heads, context.TokenRows), AttentionThreads, 0, args);
    }

    private static Grid Over(StepContext context, Operand y) => new(Grid.Cover(y.Width, Threads), context.RowsOf(y.Space));

    private void Copy(StepContext context, int rows, in RowsArgs args) =>
        _copy.Launch(context.Stream, new Grid(Grid.Cover((long)args.Groups * args.Width, Threads), rows), Threads, 0, args);

    private void Multiply(StepContext context, DeviceMatrix matrix, Operand x, Operand y, int slots, ReferenceMatMulArgs args)
    {
        args.W = ((FloatMatrix)matrix).Values;
        (args.X, args.XStride, args.Y, args.YStride) = (x.Address, x.Stride, y.Address, y.Stride);
        (args.Outputs, args.Inputs, args.Slots) = (matrix.Outputs, matrix.Inputs, slots);
        _matMul.Launch(context.Stream, new Grid(Grid.Cover(matrix.Outputs, Warps), context.RowsOf(y.Space), slots), Threads, 0, args);
    }
}
