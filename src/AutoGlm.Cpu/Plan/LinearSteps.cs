using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>Decodes the rows of a table that the batch's tokens name.</summary>
internal sealed unsafe class EmbedStep(PackedMatrix table, Operand y) : PlanStep(y.Space, [y.Writes(grain: y.Width)])
{
    public override void Run(StepContext context, in Part part)
    {
        Area area = part.Of(Accesses[0]);
        if (area.Column == area.ColumnEnd) return;
        for (int row = area.Row; row < area.RowEnd; row++) table.DecodeRow(context.Tokens[row], y.Rows[row]);
    }
}

/// <summary>Copies the rows that came with the batch.</summary>
internal sealed unsafe class InputStep(KernelSet kernels, Operand y) : PlanStep(y.Space, [y.Writes()])
{
    public override void Run(StepContext context, in Part part) => kernels.Copy(new Rows(context.Inputs, y.Width), y.Rows, part.Of(Accesses[0]));
}

/// <summary>Copies the rows that want logits.</summary>
internal sealed unsafe class SelectRowsStep(KernelSet kernels, Operand x, Operand y) : PlanStep(y.Space, [x.Reads(reach: Reach.All), y.Writes()])
{
    public override void Run(StepContext context, in Part part)
    {
        Area area = part.Of(Accesses[1]), one = area with { Row = 0, RowEnd = 1 };
        for (int row = area.Row; row < area.RowEnd; row++) kernels.Copy(new Rows(x.Rows[context.SelectedRows[row]], 0), new Rows(y.Rows[row], 0), one);
    }
}

/// <summary>Quantises a value for the matmuls that follow.</summary>
internal sealed unsafe class QuantizeStep(KernelSet kernels, ActivationBuffer buffer, Operand x)
    : PlanStep(x.Space, [x.Reads(), new Access(buffer, 0, 0, x.Width, Operand.Grain, Reach.Share, true)])
{
    public override void Run(StepContext context, in Part part) =>
        kernels.Quantize(buffer.View(x.Rows.Data, x.Rows.Stride, context.RowsOf(x.Space), x.Width), part.Of(Accesses[0]));
}

/// <summary>y = x·Wᵀ + bias, or that added to y.</summary>
internal sealed unsafe class MatMulStep(KernelSet kernels, ActivationBuffer buffer, PackedMatrix weights, float* bias, Operand x, Operand y, bool adds)
    : PlanStep(null, [weights.Format.IsFloat ? x.Reads(reach: Reach.All) : Access.ToAll(buffer, false), y.Writes(reach: Reach.All)])
{
    public override void Run(StepContext context, in Part part) => kernels.MatMul(
        new MatMulArgs
        {
            Weights = weights,
            X = buffer.View(x.Rows.Data, x.Rows.Stride, context.RowsOf(x.Space), x.Width),
            Bias = bias,
            Y = y.Rows.Data,
            YStride = y.Rows.Stride,
            Accumulate = adds,
        },
        part.Share,
        part.Shares);
}

/// <summary>Each head's columns by its own matrix.</summary>
internal sealed unsafe class HeadMatMulStep(KernelSet kernels, ActivationBuffer buffer, PackedMatrix weights, Operand x, Operand y)
    : PlanStep(null, [weights.Format.IsFloat ? x.Reads(reach: Reach.All) : Access.ToAll(buffer, false), y.Writes(reach: Reach.All)])
{
    public override void Run(StepContext context, in Part part)
    {
        int rows = context.RowsOf(x.Space), heads = weights.Matrices;
        Activations whole = buffer.View(x.Rows.Data, x.Rows.Stride, rows, x.Width);
        for (int head = 0; head < heads; head++)
        {
            kernels.MatMul(
                new MatMulArgs
                {
                    Weights = weights,
                    Matrix = head,
                    X = whole.Slice(head * weights.Columns, weights.Columns),
                    Y = y.Rows.Data + head * weights.RowsPerMatrix,
                    YStride = y.Rows.Stride,
                },
                part.Share,
                part.Shares);
        }
    }
}
