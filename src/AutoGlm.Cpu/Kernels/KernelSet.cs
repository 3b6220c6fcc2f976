namespace AutoGlm.Cpu.Kernels;

/// <summary>
/// Every kernel, for one instruction set. Methods that take (thread, threads) or an <see cref="Area"/> do that thread's
/// share; whoever needs another thread's results waits at a barrier. Nothing here allocates or checks: callers own shapes.
/// Results may overwrite operands of the same rows, but for matmul and attention.
/// </summary>
internal abstract class KernelSet
{
    private protected KernelSet(KernelIsa isa) => Isa = isa;

    public KernelIsa Isa { get; }

    public static KernelSet Create(KernelIsa isa) => isa switch
    {
        KernelIsa.Avx512Vnni or KernelIsa.Avx512 => new KernelSet<Lanes512>(isa),
        KernelIsa.AvxVnni or KernelIsa.Avx2 => new KernelSet<Lanes256>(isa),
        KernelIsa.Vector128 => new KernelSet<Lanes128>(isa),
        _ => new KernelSet<LanesScalar>(isa),
    };

    /// <summary>Quantises an input of matmuls; needed once for any number of quantised weights.</summary>
    public abstract void Quantize(in Activations x, in Area area);

    /// <summary>Quantises this thread's part: rows where there are enough of them, else groups of columns.</summary>
    public void Quantize(in Activations x, int thread, int threads)
    {
        bool byRow = x.Rows >= threads;
        (int row, int rowEnd) = byRow ? WorkRange.Of(x.Rows, thread, threads) : (0, x.Rows);
        (int column, int columnEnd) = byRow ? (0, x.Columns) : WorkRange.Of(x.Columns, Activations.GroupLength, thread, threads);
        Quantize(x, new Area(row, rowEnd, column, columnEnd));
    }

    public abstract void MatMul(in MatMulArgs args, int thread, int threads);

    public abstract void WriteKv(in KvWriteArgs args, int thread, int threads);

    public abstract void Attention(in AttentionArgs args, AttentionPhase phase, int thread, int threads);

    /// <summary>RMS norm of each group of <paramref name="group"/> columns (all of them, or a head); weight may be null.</summary>
    public unsafe void RmsNorm(Rows x, float* weight, Rows y, int row, int rowEnd, int columns, int group, float epsilon) =>
        RmsNorm(x, weight, y, new Area(row, rowEnd, 0, columns), group, epsilon);

    /// <summary>The same for some columns; groups of which only some are wanted are still summed as a whole.</summary>
    public abstract unsafe void RmsNorm(Rows x, float* weight, Rows y, in Area area, int group, float epsilon);

    /// <summary>Quantises norm(x), x being the input's values.</summary>
    public abstract void NormQuantize(in Activations x, RowNorm norm, in Area area);

    /// <summary>y = a + norm(b).</summary>
    public abstract void ResidualAdd(in ResidualArgs args, in Area area);

    /// <summary>y = a + b or a + norm(b), and norm(y) quantised.</summary>
    public abstract void ResidualQuantize(in ResidualArgs args, in Activations x, RowNorm norm, in Area area);

    /// <summary>Layer norm of rows; weight and bias may be null.</summary>
    public abstract unsafe void LayerNorm(Rows x, float* weight, float* bias, Rows y, int row, int rowEnd, int columns, float epsilon);

    /// <summary>Softmax of scale x.</summary>
    public abstract void Softmax(Rows x, Rows y, int row, int rowEnd, int columns, float scale);

    public abstract void Rope(in RopeArgs args, int row, int rowEnd);

    /// <summary>y = op(x); the operations are in Operations.cs.</summary>
    public abstract void Map<TOp>(Rows x, Rows y, in Area area, TOp op) where TOp : struct, IUnary;

    /// <summary>y = op(a, b); a row stride of 0 repeats one row.</summary>
    public abstract void Zip<TOp>(Rows a, Rows b, Rows y, in Area area, TOp op) where TOp : struct, IBinary;

    public void Add(Rows a, Rows b, Rows y, in Area area) => Zip(a, b, y, area, default(AddOp));

    public void Multiply(Rows a, Rows b, Rows y, in Area area) => Zip(a, b, y, area, default(MultiplyOp));

    public void AddScaled(Rows a, Rows b, float scale, Rows y, in Area area) => Zip(a, b, y, area, new AddScaledOp(scale));

    public void Copy(Rows x, Rows y, in Area area) => Map(x, y, area, default(CopyOp));

    public void Scale(Rows x, float scale, Rows y, in Area area) => Map(x, y, area, new ScaleOp(scale));

    public void Silu(Rows x, Rows y, in Area area) => Map(x, y, area, default(SiluOp));

    public void Sigmoid(Rows x, Rows y, in Area area) => Map(x, y, area, default(SigmoidOp));

    public void Tanh(Rows x, Rows y, in Area area) => Map(x, y, area, default(TanhOp));

    public void Relu(Rows x, Rows y, in Area area) => Map(x, y, area, default(ReluOp));

    public void GeluTanh(Rows x, Rows y, in Area area) => Map(x, y, area, default(GeluTanhOp));

    public void GeluErf(Rows x, Rows y, in Area area) => Map(x, y, area, default(GeluErfOp));

    public void SoftCap(Rows x, float cap, Rows y, in Area area) => Map(x, y, area, new SoftCapOp(cap));

    public void SwiGlu(Rows gate, Rows up, Rows y, in Area area) => Zip(gate, up, y, area, default(GatedOp<SiluOp>));

    public void GeGluTanh(Rows gate, Rows up, Rows y, in Area area) => Zip(gate, up, y, area, default(GatedOp<GeluTanhOp>));

    public void GeGluErf(Rows gate, Rows up, Rows y, in Area area) => Zip(gate, up, y, area, default(GatedOp<GeluErfOp>));

    public void ClampedSwiGlu(Rows gate, Rows up, float alpha, float limit, Rows y, in Area area) =>
        Zip(gate, up, y, area, new ClampedSwiGluOp(alpha, limit));
}

internal sealed unsafe class KernelSet<T>(KernelIsa isa) : KernelSet(isa) where T : unmanaged, ILanes<T>
{
    /// <summary>Whether 256-bit dot products of bytes may be used.</summary>
    private readonly bool _dots = isa is KernelIsa.AvxVnni or KernelIsa.Avx512Vnni;

    public override void Quantize(in Activations x, in Area area) => ActivationQuantizer.Run<T>(x, area);

    public override void MatMul(in MatMulArgs args, int thread, int threads) => Kernels.MatMul.Run<T>(args, _dots, thread, threads);

    public override void WriteKv(in KvWriteArgs args, int thread, int threads) => KvWriter.Run<T>(args, thread, threads);

    public override void Attention(in AttentionArgs args, AttentionPhase phase, int thread, int threads) => PagedAttention.Run<T>(args, phase, thread, threads);

    public override void RmsNorm(Rows x, float* weight, Rows y, in Area area, int group, float epsilon) =>
        Normalization.RmsNorm<T>(x, weight, y, area, group, epsilon);

    public override void NormQuantize(in Activations x, RowNorm norm, in Area area) => ResidualNorm.Quantize<T>(x, norm, area);

    public override void ResidualAdd(in ResidualArgs args, in Area area) => ResidualNorm.Add<T>(args, area);

    public override void ResidualQuantize(in ResidualArgs args, in Activations x, RowNorm norm, in Area area) =>
        ResidualNorm.AddQuantize<T>(args, x, norm, area);

    public override void LayerNorm(Rows x, float* weight, float* bias, Rows y, int row, int rowEnd, int columns, float epsilon) =>
        Normalization.LayerNorm<T>(x, weight, bias, y, row, rowEnd, columns, epsilon);

    public override void Softmax(Rows x, Rows y, int row, int rowEnd, int columns, float scale) =>
        Normalization.Softmax<T>(x, y, row, rowEnd, columns, scale);

    public override void Rope(in RopeArgs args, int row, int rowEnd) => Kernels.Rope.Run<T>(args, row, rowEnd);

    public override void Map<TOp>(Rows x, Rows y, in Area area, TOp op) => Elementwise.Map<T, TOp>(x, y, area, op);

    public override void Zip<TOp>(Rows a, Rows b, Rows y, in Area area, TOp op) => Elementwise.Zip<T, TOp>(a, b, y, area, op);
}
