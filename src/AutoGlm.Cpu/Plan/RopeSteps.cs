using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Plan;

/// <summary>Cosines and sines of a rotation at the positions of a batch's rows.</summary>
internal sealed unsafe class RopeAngles(RopeTable table, int maxRows) : IDisposable
{
    private readonly NativeArray<float> _cos = new((long)maxRows * Pitch(table)), _sin = new((long)maxRows * Pitch(table));

    private Rows Cos => new(_cos.Start, Pitch(table));

    private Rows Sin => new(_sin.Start, Pitch(table));

    public long Bytes => _cos.Bytes + _sin.Bytes;

    /// <summary>An access to rows of angles, which are not split.</summary>
    public Access Access(bool writes) => new(this, 0, 0, 1, 1, writes ? Reach.Share : Reach.Row, writes);

    /// <summary>What reads the angles of a rotation, if there is one.</summary>
    public static Access[] AccessesOf(RopeAngles? angles) => angles is null ? [] : [angles.Access(false)];

    /// <summary>A rotation as kernels see it; none where there is none.</summary>
    public static Rotation RotationOf(RopeAngles? angles) => angles is null ? default : angles.Rotation;

    /// <summary>As kernels see it.</summary>
    public Rotation Rotation => new() { Dimensions = table.Dimensions, Layout = table.Layout, Cos = Cos, Sin = Sin };

    /// <summary>Fills the row of a position.</summary>
    public void Fill(int row, int position)
    {
        float* cos = Cos[row], sin = Sin[row];
        for (int pair = 0; pair < table.InverseFrequencies.Length; pair++)
        {
            (double s, double c) = Math.SinCos(position * (double)table.InverseFrequencies[pair]);
            (cos[pair], sin[pair]) = ((float)(c * table.Magnitude), (float)(s * table.Magnitude));
        }
    }

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }

    private static int Pitch(RopeTable table) => (table.InverseFrequencies.Length + 15) & ~15;
}

/// <summary>Fills the angles of all rotations for the batch's rows.</summary>
internal sealed unsafe class RopeAnglesStep(RopeAngles[] angles) : PlanStep(RowSpace.Tokens, Array.ConvertAll(angles, table => table.Access(true)))
{
    public override void Run(StepContext context, in Part part)
    {
        Area area = part.Of(Accesses[0]);
        if (area.Column == area.ColumnEnd) return;
        for (int row = area.Row; row < area.RowEnd; row++)
        {
            for (int i = 0; i < angles.Length; i++) angles[i].Fill(row, context.Positions[row]);
        }
    }
}

/// <summary>Rotates all heads of each row.</summary>
internal sealed unsafe class RopeStep(KernelSet kernels, RopeAngles angles, int headSize, Operand x, Operand y)
    : PlanStep(x.Space, [x.Reads(headSize), y.Writes(headSize), angles.Access(false)])
{
    public override void Run(StepContext context, in Part part)
    {
        Area area = part.Of(Accesses[1]);
        if (x.Rows.Data != y.Rows.Data) kernels.Copy(x.Rows, y.Rows, area);
        kernels.Rope(
            new RopeArgs
            {
                X = y.Rows.From(area.Column),
                Heads = (area.ColumnEnd - area.Column) / headSize,
                HeadSize = headSize,
                Rotation = angles.Rotation,
            },
            area.Row,
            area.RowEnd);
    }
}
