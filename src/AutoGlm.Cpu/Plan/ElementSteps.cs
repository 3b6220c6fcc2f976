using AutoGlm.Cpu.Kernels;

namespace AutoGlm.Cpu.Plan;

/// <summary>RMS norm of rows, or of groups of columns.</summary>
internal sealed unsafe class RmsNormStep(KernelSet kernels, float* gain, float epsilon, int group, Operand x, Operand y) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads)
    {
        (int row, int end) = WorkRange.Of(context.RowsOf(x.Space), thread, threads);
        if (row < end) kernels.RmsNorm(x.Rows, gain, y.Rows, row, end, x.Width, group, epsilon);
    }
}

/// <summary>y = op(x), element by element.</summary>
internal sealed class MapStep<TOp>(KernelSet kernels, TOp op, Operand x, Operand y) : PlanStep where TOp : struct, IUnary
{
    public override void Run(StepContext context, int thread, int threads) =>
        kernels.Map(x.Rows, y.Rows, Area.Of(context.RowsOf(x.Space), x.Width, thread, threads), op);
}

/// <summary>y = op(a, b), element by element.</summary>
internal sealed class ZipStep<TOp>(KernelSet kernels, TOp op, Operand a, Operand b, Operand y) : PlanStep where TOp : struct, IBinary
{
    public override void Run(StepContext context, int thread, int threads) =>
        kernels.Zip(a.Rows, b.Rows, y.Rows, Area.Of(context.RowsOf(a.Space), a.Width, thread, threads), op);
}

/// <summary>Copies columns of each group of x to columns of each group of y.</summary>
internal sealed unsafe class CopyGroupsStep(KernelSet kernels, int groups, int width, Operand x, int xOffset, Operand y, int yOffset) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads)
    {
        int xStride = x.Width / groups, yStride = y.Width / groups;
        (int row, int end) = WorkRange.Of(context.RowsOf(x.Space), thread, threads);
        for (; row < end; row++)
            kernels.Copy(new Rows(x.Rows[row] + xOffset, xStride), new Rows(y.Rows[row] + yOffset, yStride), new Area(0, groups, 0, width));
    }
}
