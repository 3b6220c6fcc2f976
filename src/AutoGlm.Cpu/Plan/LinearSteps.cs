using AutoGlm.Cpu.Kernels;

namespace AutoGlm.Cpu.Plan;

/// <summary>Decodes the rows of a table that the batch's tokens name.</summary>
internal sealed unsafe class EmbedStep(PackedMatrix table, Operand y) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads)
    {
        (int row, int end) = WorkRange.Of(context.TokenRows, thread, threads);
        for (; row < end; row++) table.DecodeRow(context.Tokens[row], y.Rows[row]);
    }
}

/// <summary>Copies the rows that want logits.</summary>
internal sealed unsafe class SelectRowsStep(KernelSet kernels, Operand x, Operand y) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads)
    {
        (int row, int end) = WorkRange.Of(context.LogitRows, thread, threads);
        for (; row < end; row++) kernels.Copy(new Rows(x.Rows[context.SelectedRows[row]], 0), new Rows(y.Rows[row], 0), new Area(0, 1, 0, y.Width));
    }
}

/// <summary>Quantises a value for the matmuls that follow.</summary>
internal sealed unsafe class QuantizeStep(KernelSet kernels, ActivationBuffer buffer, Operand x) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads) =>
        kernels.Quantize(buffer.View(x.Rows.Data, x.Rows.Stride, context.RowsOf(x.Space), x.Width), thread, threads);
}

/// <summary>y = x·Wᵀ + bias.</summary>
internal sealed unsafe class MatMulStep(KernelSet kernels, ActivationBuffer buffer, PackedMatrix weights, float* bias, Operand x, Operand y) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads) => kernels.MatMul(
        new MatMulArgs
        {
            Weights = weights,
            X = buffer.View(x.Rows.Data, x.Rows.Stride, context.RowsOf(x.Space), x.Width),
            Bias = bias,
            Y = y.Rows.Data,
            YStride = y.Rows.Stride,
        },
        thread,
        threads);
}

/// <summary>Each head's columns by its own matrix.</summary>
internal sealed unsafe class HeadMatMulStep(KernelSet kernels, ActivationBuffer buffer, PackedMatrix weights, Operand x, Operand y) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads)
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
                thread,
                threads);
        }
    }
}
