using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Plan;

/// <summary>Stores the batch's keys and values in their sequences' blocks.</summary>
internal sealed unsafe class KvWriteStep(KernelSet kernels, KvBinding kv, int layer, Operand k, Operand? v) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads) => kernels.WriteKv(
        new KvWriteArgs
        {
            Layout = kv[layer],
            Sequences = context.Sequences,
            SequenceCount = context.SequenceCount,
            Keys = k.Rows,
            Values = v?.Rows ?? default,
        },
        thread,
        threads);
}

/// <summary>Attention of the batch's rows over their sequences' blocks.</summary>
internal sealed unsafe class AttentionStep(KernelSet kernels, KvBinding kv, AttentionShape shape, float* sinks, Operand q, Operand y) : PlanStep
{
    public override void Run(StepContext context, int thread, int threads) => kernels.Attention(
        new AttentionArgs
        {
            Layout = kv[shape.Layer],
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
            Scratch = kv.Scratch,
        },
        thread,
        threads);
}
