using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Plan;

/// <summary>Stores the batch's keys and values in their sequences' blocks.</summary>
internal sealed unsafe class KvWriteStep(KernelSet kernels, KvBinding kv, AttentionShape shape, Operand k, Operand? v)
    : PlanStep(RowSpace.Tokens, [.. v is null ? [] : new[] { v.Reads(shape.ValueSize) }, k.Reads(shape.KeySize), kv.Access(shape.Layer, shape.KvHeads, true)])
{
    public override void Run(StepContext context, in Part part)
    {
        KvWriteArgs args = new() { Layout = kv[shape.Layer], SequenceCount = 1, Keys = k.Rows, Values = v?.Rows ?? default };
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

/// <summary>
/// Attention of the batch's rows over their sequences' blocks. Where each sequence has one row it treats rows and KV heads
/// one by one, and all that is done to a head's query, key and value can be done just before by the same thread.
/// </summary>
internal sealed unsafe class AttentionStep(KernelSet kernels, KvBinding kv, AttentionShape shape, float* sinks, Operand q, Operand y)
    : PlanStep(null, [q.Reads(shape.KeySize, Reach.All), y.Writes(shape.ValueSize, Reach.All), kv.Access(shape.Layer, shape.KvHeads, false) with { Reach = Reach.All }])
{
    public int KvHeads => shape.KvHeads;

    /// <summary>The accesses where each sequence has one row.</summary>
    public IReadOnlyList<Access> HeadAccesses { get; } = [q.Reads(shape.KeySize), y.Writes(shape.ValueSize), kv.Access(shape.Layer, shape.KvHeads, false)];

    public override bool SplitsInto(int shares) => shares == shape.KvHeads && shape.Heads / shape.KvHeads <= PagedAttention.TileQueries;

    public override void Run(StepContext context, in Part part) => kernels.Attention(
        new AttentionArgs
        {
            Layout = kv[shape.Layer],
            Sequences = context.SingleRows ? context.Sequences + part.Row : context.Sequences,
            SequenceCount = context.SingleRows ? part.RowEnd - part.Row : context.SequenceCount,
            Q = q.Rows,
            Y = y.Rows,
            Heads = shape.Heads,
            Scale = shape.Scale,
            SoftCap = shape.SoftCap,
            Window = shape.Window,
            Causal = true,
            Sinks = sinks,
            // The kernel counts scratch memory by shares; it is the thread's that is meant.
            Scratch = kv.Scratch + (part.Thread - part.Share) * PagedAttention.ScratchFloats(kv[shape.Layer]),
        },
        part.Share,
        part.Shares);
}
