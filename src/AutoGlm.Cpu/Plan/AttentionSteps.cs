using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Plan;

/// <summary>Stores the batch's keys and values in their sequences' blocks.</summary>
internal sealed class KvWriteStep(KernelSet kernels, KvLayerView layer, Operand k, Operand? v) : PlanStep
{
    public override unsafe void Run(StepContext context, int thread, int threads) => kernels.WriteKv(
        new KvWriteArgs
        {
            Layer = layer,
            Sequences = context.Sequences,
            SequenceCount = context.SequenceCount,
            Keys = k.Rows,
            Values = v?.Rows ?? default,
        },
        thread,
        threads);
}

/// <summary>Attention of the batch's rows over their sequences' blocks.</summary>
internal sealed unsafe class AttentionStep(KernelSet kernels, KvLayerView layer, AttentionShape shape, float* sinks, float* scratch, Operand q, Operand y) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads) => kernels.Attention(
        new AttentionArgs
        {
            Layer = layer,
            Sequences = context.Sequences,
            SequenceCount = context.SequenceCount,
            Q = q.Rows,
            Y = y.Rows,
            Heads = shape.Heads,
            Scale = shape.Scale,
            SoftCap = shape.SoftCap,
            Window = shape.Window,
            Causal = true,
            Sinks = sinks,
            Scratch = scratch,
        },
        thread,
        threads);
}
