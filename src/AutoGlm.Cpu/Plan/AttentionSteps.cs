using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Plan;

/// <summary>Stores the batch's keys and values in their sequences' blocks, the keys turned by their positions where that is fused.</summary>
internal sealed unsafe class KvWriteStep(KernelSet kernels, KvBinding kv, AttentionShape shape, RopeAngles? rotation, Operand k, Operand? v)
    : PlanStep(
        RowSpace.Tokens,
        [.. v is null ? [] : new[] { v.Reads(shape.ValueSize) }, k.Reads(shape.KeySize), kv.Access(shape.Layer, shape.KvHeads, true), .. RopeAngles.AccessesOf(rotation)])
{
    public override void Run(StepContext context, in Part part)
    {
        KvWriteArgs args = new()
        {
            Layout = kv[shape.Layer],
            SequenceCount = 1,
            Keys = k.Rows,
            Values = v?.Rows ?? default,
            Rotation = RopeAngles.RotationOf(rotation),
            Scratch = kv.ScratchOf(shape.Layer, part.Thread),
        };
        for (int i = 0; i < context.SequenceCount; i++)
        {
            QueryRows rows = context.Sequences[i];
            int first = Math.Max(part.Row, rows.Row), end = Math.Min(part.RowEnd, rows.Row + rows.Rows);
            // Shares are of the heads of each row.
            int step = part.Shares == 1 ? end - first : 1;
            for (int row = first; row < end; row += step)
            {
                QueryRows some = rows with { Row = row, Rows = step, Position = rows.Position + row - rows.Row };
                args.Sequences = &some;
                kernels.WriteKv(args, part.Share, part.Shares);
            }
        }
    }
}

/// <summary>An attention of a graph: what its steps have in common.</summary>
internal sealed unsafe class AttentionWork(KernelSet kernels, KvBinding kv, AttentionShape shape, RopeAngles? rotation, float* sinks, Operand q, Operand y)
{
    public AttentionShape Shape => shape;

    public Access Keys => kv.Access(shape.Layer, shape.KvHeads, false);

    public Access Reads(Reach reach) => q.Reads(shape.KeySize, reach);

    public Access Writes(Reach reach) => y.Writes(shape.ValueSize, reach);

    public Access Partials(bool writes) => kv.AccessPartials(writes);

    public Access[] Angles => RopeAngles.AccessesOf(rotation);

    public void Run(StepContext context, AttentionPhase phase, in Part part) => kernels.Attention(
        new AttentionArgs
        {
            Layout = kv[shape.Layer],
            Sequences = context.SingleRows ? context.Sequences + part.Row : context.Sequences,
            SequenceCount = context.SingleRows ? part.RowEnd - part.Row : context.SequenceCount,
            Q = q.Rows,
            Rotation = RopeAngles.RotationOf(rotation),
            Y = y.Rows,
            Heads = shape.Heads,
            Scale = shape.Scale,
            SoftCap = shape.SoftCap,
            Window = shape.Window,
            Causal = true,
            Sinks = sinks,
            // The kernel counts scratch memory by shares; it is the thread's that is meant.
            Scratch = kv.ScratchOf(shape.Layer, part.Thread - part.Share),
            Partials = kv.Partials,
        },
        phase,
        part.Share,
        part.Shares);
}

/// <summary>
/// Attention of the batch's rows over their sequences' blocks. Where each sequence has one row it treats rows and KV heads
/// one by one, and all that is done to a head's query, key and value can be done just before by the same thread.
/// </summary>
internal sealed class AttentionStep(AttentionWork work) : PlanStep(
    null, [work.Reads(Reach.All), work.Writes(Reach.All), work.Keys with { Reach = Reach.All }, .. Array.ConvertAll(work.Angles, angles => angles with { Reach = Reach.All })])
{
    public int KvHeads => work.Shape.KvHeads;

    /// <summary>The accesses where each sequence has one row.</summary>
    public Access[] HeadAccesses { get; } = [work.Reads(Reach.Share), work.Writes(Reach.Share), work.Keys, .. work.Angles];

    public override bool SplitsInto(int shares) => shares == work.Shape.KvHeads && work.Shape.Heads / work.Shape.KvHeads <= PagedAttention.TileQueries;

    /// <summary>The same in two steps, between which threads exchange what they made of their chunks of keys.</summary>
    public IEnumerable<PlanStep> Split() => [new AttentionChunksStep(work), new AttentionCombineStep(work)];

    public override void Run(StepContext context, in Part part) => work.Run(context, AttentionPhase.Whole, part);
}

/// <summary>Attention over each chunk of keys.</summary>
internal sealed class AttentionChunksStep(AttentionWork work) : PlanStep(
    null, [work.Reads(Reach.All), work.Keys with { Reach = Reach.All }, work.Partials(true), .. Array.ConvertAll(work.Angles, angles => angles with { Reach = Reach.All })])
{
    public override void Run(StepContext context, in Part part) => work.Run(context, AttentionPhase.Chunks, part);
}

/// <summary>The chunks of each query put together.</summary>
internal sealed class AttentionCombineStep(AttentionWork work) : PlanStep(null, [work.Partials(true), work.Writes(Reach.All)])
{
    public override void Run(StepContext context, in Part part) => work.Run(context, AttentionPhase.Combine, part);
}
