using AutoGlm.Cpu.Kernels;

namespace AutoGlm.Cpu.Plan;

/// <summary>An input's rows in the order of their experts, in memory of their own.</summary>
internal sealed unsafe class ExpertGatherStep(KernelSet kernels, ExpertOrder order, int inputs, Operand x, ScratchRows gathered)
    : PlanStep(null, [Access.ToAll(order, false), x.Reads(reach: Reach.All), Access.ToAll(gathered, true)])
{
    private readonly bool _slotted = x.Width != inputs;

    public override void Run(StepContext context, in Part part)
    {
        (int i, int end) = WorkRange.Of(context.RowsOf(x.Space) * order.Used, part.Share, part.Shares);
        for (; i < end; i++)
        {
            int pair = order.Pairs[i];
            float* source = x.Rows[pair / order.Used] + (_slotted ? pair % order.Used * inputs : 0);
            kernels.Copy(new Rows(source, 0), new Rows(gathered.Rows[i], 0), new Area(0, 1, 0, inputs));
        }
    }
}

/// <summary>Where each expert's gathered rows are, quantised or not.</summary>
internal sealed unsafe class ExpertInputs(ActivationBuffer buffer, ExpertOrder order, int inputs, ScratchRows gathered)
{
    /// <summary>So many values suffice for any split of the rows over the experts.</summary>
    public static long Values(int experts, int rows, int inputs) => (long)rows * inputs + 4L * Activations.GroupLength * experts;

    public Access Values() => Access.ToAll(gathered, false);

    public Access Quantized(bool writes) => Access.ToAll(buffer, writes);

    /// <summary>Calls an action with each expert that has rows.</summary>
    public void ForEach<TAction>(TAction action) where TAction : struct, IExpertAction
    {
        long offset = 0;
        for (int expert = 0; expert < order.Experts; expert++)
        {
            int first = order.Starts[expert], rows = order.Starts[expert + 1] - first;
            if (rows == 0) continue;
            action.Run(expert, first, buffer.View(gathered.Rows[first], gathered.Rows.Stride, rows, inputs, offset));
            offset += ((long)rows * (inputs / Activations.GroupLength) + 3) & ~3L;
        }
    }
}

/// <summary>What is done with one expert's rows.</summary>
internal interface IExpertAction
{
    /// <param name="expert">The expert.</param>
    /// <param name="first">Its first row among the gathered.</param>
    /// <param name="x">Its rows.</param>
    void Run(int expert, int first, in Activations x);
}

/// <summary>Quantises the gathered rows.</summary>
internal sealed class ExpertQuantizeStep(KernelSet kernels, ExpertOrder order, ExpertInputs inputs)
    : PlanStep(null, [Access.ToAll(order, false), inputs.Values(), inputs.Quantized(true)])
{
    public override void Run(StepContext context, in Part part) => inputs.ForEach(new Quantize(kernels, part.Share, part.Shares));

    private readonly struct Quantize(KernelSet kernels, int thread, int threads) : IExpertAction
    {
        public void Run(int expert, int first, in Activations x) => kernels.Quantize(x, thread, threads);
    }
}

/// <summary>Each expert's gathered rows by its matrix.</summary>
internal sealed unsafe class ExpertMatMulStep(KernelSet kernels, ExpertOrder order, PackedMatrix weights, float* bias, ExpertInputs inputs, ScratchRows results)
    : PlanStep(null, [Access.ToAll(order, false), inputs.Values(), inputs.Quantized(false), Access.ToAll(results, true)])
{
    public override void Run(StepContext context, in Part part) =>
        inputs.ForEach(new Multiply(kernels, weights, bias, results.Rows, part.Share, part.Shares));

    private readonly struct Multiply(KernelSet kernels, PackedMatrix weights, float* bias, Rows results, int thread, int threads) : IExpertAction
    {
        public void Run(int expert, int first, in Activations x) => kernels.MatMul(
            new MatMulArgs
            {
                Weights = weights,
                Matrix = expert,
                X = x,
                Bias = bias == null ? null : bias + (long)expert * weights.RowsPerMatrix,
                Y = results[first],
                YStride = results.Stride,
            },
            thread,
            threads);
    }
}

/// <summary>Puts the experts' results back in the order of rows and slots.</summary>
internal sealed unsafe class ExpertScatterStep(KernelSet kernels, ExpertOrder order, int outputs, ScratchRows results, Operand y)
    : PlanStep(null, [Access.ToAll(order, false), Access.ToAll(results, false), y.Writes(reach: Reach.All)])
{
    public override void Run(StepContext context, in Part part)
    {
        (int i, int end) = WorkRange.Of(context.RowsOf(y.Space) * order.Used, part.Share, part.Shares);
        for (; i < end; i++)
        {
            int pair = order.Pairs[i];
            float* target = y.Rows[pair / order.Used] + pair % order.Used * outputs;
            kernels.Copy(new Rows(results.Rows[i], 0), new Rows(target, 0), new Area(0, 1, 0, outputs));
        }
    }
}

/// <summary>The weighted sum of each row's experts.</summary>
internal sealed unsafe class ExpertSumStep(KernelSet kernels, int used, Operand x, Operand routing, Operand y)
    : PlanStep(x.Space, [x.Reads(reach: Reach.Row), routing.Reads(reach: Reach.Row), y.Writes()])
{
    public override void Run(StepContext context, in Part part)
    {
        Area area = part.Of(Accesses[2]), one = area with { Row = 0, RowEnd = 1 };
        for (int row = area.Row; row < area.RowEnd; row++)
        {
            Rows sum = new(y.Rows[row], 0);
            float* weights = routing.Rows[row] + used;
            kernels.Scale(new Rows(x.Rows[row], 0), weights[0], sum, one);
            for (int slot = 1; slot < used; slot++) kernels.AddScaled(sum, new Rows(x.Rows[row] + slot * y.Width, 0), weights[slot], sum, one);
        }
    }
}
