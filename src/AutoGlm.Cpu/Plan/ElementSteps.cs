using AutoGlm.Cpu.Kernels;

namespace AutoGlm.Cpu.Plan;

/// <summary>RMS norm of whole rows, or of groups of columns. A share of a whole row is preceded by the sum over all of it.</summary>
internal sealed unsafe class RmsNormStep(KernelSet kernels, float* gain, float epsilon, int group, Operand x, Operand y)
    : PlanStep(x.Space, group == x.Width ? [x.Reads(reach: Reach.Row), y.Writes()] : [x.Reads(group), y.Writes(group)])
{
    /// <summary>Not whole rows: each share would sum all of it.</summary>
    public override bool SplitsInto(int shares) => group < x.Width && base.SplitsInto(shares);

    public override void Run(StepContext context, in Part part) => kernels.RmsNorm(x.Rows, gain, y.Rows, part.Of(Accesses[1]), group, epsilon);
}

/// <summary>y = op(x), element by element.</summary>
internal sealed class MapStep<TOp>(KernelSet kernels, TOp op, Operand x, Operand y) : PlanStep(x.Space, [x.Reads(), y.Writes()]) where TOp : struct, IUnary
{
    public override void Run(StepContext context, in Part part) => kernels.Map(x.Rows, y.Rows, part.Of(Accesses[1]), op);
}

/// <summary>y = op(a, b), element by element.</summary>
internal sealed class ZipStep<TOp>(KernelSet kernels, TOp op, Operand a, Operand b, Operand y)
    : PlanStep(a.Space, [a.Reads(), b.Reads(), y.Writes()])
    where TOp : struct, IBinary
{
    public override void Run(StepContext context, in Part part) => kernels.Zip(a.Rows, b.Rows, y.Rows, part.Of(Accesses[2]), op);
}

/// <summary>Copies columns of each row.</summary>
internal sealed class CopyColumnsStep(KernelSet kernels, int width, Operand x, int xColumn, Operand y, int yColumn)
    : PlanStep(x.Space, [x.Columns(xColumn, width, false), y.Columns(yColumn, width, true)])
{
    public override void Run(StepContext context, in Part part) => kernels.Copy(x.Rows.From(xColumn), y.Rows.From(yColumn), part.Of(Accesses[1]));
}

/// <summary>Copies columns of each group of x to columns of each group of y.</summary>
internal sealed unsafe class CopyGroupsStep(KernelSet kernels, int groups, int width, Operand x, int xOffset, Operand y, int yOffset)
    : PlanStep(x.Space, [x.Reads(x.Width / groups), y.Writes(y.Width / groups)])
{
    public override void Run(StepContext context, in Part part)
    {
        int xStride = x.Width / groups, yStride = y.Width / groups;
        Area area = part.Of(Accesses[1]);
        Area copied = new(area.Column / yStride, area.ColumnEnd / yStride, 0, width);
        for (int row = area.Row; row < area.RowEnd; row++)
            kernels.Copy(new Rows(x.Rows[row] + xOffset, xStride), new Rows(y.Rows[row] + yOffset, yStride), copied);
    }
}
