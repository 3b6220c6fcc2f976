using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cpu.Plan;

/// <summary>
/// The (row, slot) pairs of a batch in the order of their experts, so that an expert's matrix is read once for all rows that
/// go to it. Pair i of a row with s slots is row i / s, slot i % s.
/// </summary>
internal sealed unsafe class ExpertOrder(int experts, int used, int maxRows) : IDisposable
{
    private readonly NativeArray<int> _starts = new(experts + 1), _pairs = new((long)maxRows * used);

    public int Experts => experts;

    public int Used => used;

    /// <summary>Pairs sorted by expert; an expert's are those from its start to the next one's.</summary>
    public int* Pairs => _pairs.Start;

    public int* Starts => _starts.Start;

    /// <summary>Sorts by counting.</summary>
    public void Sort(Rows routing, int rows)
    {
        int* starts = _starts.Start;
        new Span<int>(starts, experts + 1).Clear();
        for (int pair = 0; pair < rows * used; pair++) starts[ExpertOf(routing, pair) + 1]++;
        for (int expert = 0; expert < experts; expert++) starts[expert + 1] += starts[expert];
        for (int pair = 0; pair < rows * used; pair++) _pairs.Start[starts[ExpertOf(routing, pair)]++] = pair;
        for (int expert = experts; expert > 0; expert--) starts[expert] = starts[expert - 1];
        starts[0] = 0;
    }

    public void Dispose()
    {
        _starts.Dispose();
        _pairs.Dispose();
    }

    private int ExpertOf(Rows routing, int pair) => (int)routing[pair / used][pair % used];
}

/// <summary>Chooses each row's experts.</summary>
internal sealed unsafe class RouteStep(RouterShape shape, float* selectionBias, Operand x, Operand y)
    : PlanStep(x.Space, [x.Reads(reach: Reach.Row), y.Writes(grain: y.Width)])
{
    public override void Run(StepContext context, in Part part)
    {
        Area area = part.Of(Accesses[1]);
        if (area.Column == area.ColumnEnd) return;
        for (int row = area.Row; row < area.RowEnd; row++) ExpertChoice.Run(shape, x.Rows[row], selectionBias, y.Rows[row]);
    }
}

/// <summary>Sorts the chosen by expert.</summary>
internal sealed class ExpertOrderStep(ExpertOrder order, Operand routing) : PlanStep(null, [routing.Reads(reach: Reach.All), Access.ToAll(order, true)])
{
    public override void Run(StepContext context, in Part part)
    {
        if (part.Share == 0) order.Sort(routing.Rows, context.RowsOf(routing.Space));
    }
}
