using AutoGlm.Cpu.Kernels;

namespace AutoGlm.Cpu.Plan;

/// <summary>Norms and quantises a value for the matmuls that follow.</summary>
internal sealed unsafe class NormQuantizeStep(KernelSet kernels, ActivationBuffer buffer, RowNorm norm, Operand x)
    : PlanStep(x.Space, [x.Reads(reach: Reach.Row), new Access(buffer, 0, 0, x.Width, Operand.Grain, Reach.Share, true)])
{
    /// <summary>Each share would sum all of the row.</summary>
    public override bool SplitsInto(int shares) => false;

    public override void Run(StepContext context, in Part part) =>
        kernels.NormQuantize(buffer.View(x.Rows.Data, x.Rows.Stride, context.RowsOf(x.Space), x.Width), norm, part.Of(Accesses[1]));
}

/// <summary>y = a + norm(b), or a + b.</summary>
internal sealed unsafe class ResidualAddStep(KernelSet kernels, Operand a, Operand b, RowNorm norm, Operand y)
    : PlanStep(a.Space, [a.Reads(), b.Reads(reach: norm.Gain == null ? Reach.Share : Reach.Row), y.Writes()])
{
    public Operand Y => y;

    public ResidualArgs Args => new() { A = a.Rows, B = b.Rows, Norm = norm, Y = y.Rows, Columns = y.Width };

    public override bool SplitsInto(int shares) => norm.Gain == null && base.SplitsInto(shares);

    /// <summary>The same with the norm and quantisation of its result.</summary>
    public ResidualQuantizeStep Quantized(ActivationBuffer buffer, RowNorm inputNorm) => new(kernels, this, a, b, buffer, inputNorm);

    public override void Run(StepContext context, in Part part)
    {
        if (norm.Gain == null) kernels.Add(a.Rows, b.Rows, y.Rows, part.Of(Accesses[2]));
        else kernels.ResidualAdd(Args, part.Of(Accesses[2]));
    }
}

/// <summary>A sum, its norm and the quantisation of that. Shares of a row each sum all of it.</summary>
internal sealed unsafe class ResidualQuantizeStep(KernelSet kernels, ResidualAddStep sum, Operand a, Operand b, ActivationBuffer buffer, RowNorm norm)
    : PlanStep(
        a.Space,
        [a.Reads(reach: Reach.Row), b.Reads(reach: Reach.Row), sum.Y.Writes(), new Access(buffer, 0, 0, a.Width, Operand.Grain, Reach.Share, true)])
{
    public override bool SplitsInto(int shares) => false;

    public override void Run(StepContext context, in Part part)
    {
        Activations x = buffer.View(sum.Y.Rows.Data, sum.Y.Rows.Stride, context.RowsOf(sum.Y.Space), sum.Y.Width);
        kernels.ResidualQuantize(sum.Args, x, norm, part.Of(Accesses[3]));
    }
}
