using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>
/// Groups steps into stages. Two steps share a stage, without a barrier, where no thread touches what another one writes; that
/// follows from how the steps are divided and from what they say they access. One thread keeps to it too: it goes through a
/// chain part by part, as if others did the other parts. For each kind of batch there is a schedule.
/// </summary>
internal sealed class PlanScheduler(IReadOnlyList<PlanStep> steps, int threads, PlanOptions options)
{
    private const int SharesOfAThread = 4, MostThreadsThatTake = 16;

    /// <summary>The stages for a kind of batch.</summary>
    public Stage[] Schedule(BatchKind kind)
    {
        if (kind.SplitKeys)
        {
            PlanStep[] split = [.. steps.SelectMany(step => step is AttentionStep attention ? attention.Split() : [step])];
            return new PlanScheduler(split, threads, options).Schedule(kind with { SplitKeys = false });
        }

        Division[] divisions = new Division[steps.Count];
        for (int i = 0; i < divisions.Length; i++) divisions[i] = Divide(steps[i], kind);
        if (options.HeadChains && kind.SingleRows) DivideByHeads(divisions, kind);
        List<Stage> stages = [];
        int first = 0;
        for (int i = 1; i <= steps.Count; i++)
        {
            if (i < steps.Count && options.Stages && !Conflicts(i, divisions[i], divisions, first, i)) continue;
            stages.Add(new Stage(Chains(divisions, first, i)));
            first = i;
        }

        return [.. stages];
    }

    /// <summary>Shares of what divides itself: more than threads, so that the quicker ones do more. Many threads would only queue for them.</summary>
    private int OwnShares => options.SharedOut && threads is > 1 and <= MostThreadsThatTake ? SharesOfAThread * threads : threads;

    private Division Divide(PlanStep step, BatchKind kind) => step.Rows switch
    {
        null => new Division(DivisionKind.Own, null, OwnShares),
        { } rows when kind.HasMany(rows) => new Division(DivisionKind.Rows, rows, 1),
        { } rows => new Division(DivisionKind.Columns, rows, threads),
    };

    /// <summary>From each attention outwards: steps that treat KV heads apart go with it. Not where that leaves threads without work.</summary>
    private void DivideByHeads(Division[] divisions, BatchKind kind)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            if (steps[i] is not AttentionStep attention || !attention.SplitsInto(attention.KvHeads) || (!kind.ManyTokens && attention.KvHeads < threads)) continue;
            Division heads = new(DivisionKind.Heads, RowSpace.Tokens, attention.KvHeads);
            divisions[i] = heads;
            int first = i, end = i + 1;
            while (first > 0 && Joins(first - 1)) divisions[--first] = heads;
            while (end < steps.Count && Joins(end)) divisions[end++] = heads;

            bool Joins(int step) =>
                steps[step].Rows == RowSpace.Tokens && steps[step].SplitsInto(heads.Shares)
                && !Conflicts(step, heads, divisions, first, end);
        }
    }

    /// <summary>True where a step, divided so, conflicts with one of those from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    private bool Conflicts(int step, Division division, Division[] divisions, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            if (Conflict(steps[i], divisions[i], steps[step], division)) return true;
        }

        return false;
    }

    private static bool Conflict(PlanStep a, Division aDivision, PlanStep b, Division bDivision)
    {
        bool alike = aDivision == bDivision && aDivision.Kind != DivisionKind.Own;
        Access[] others = AccessesOf(b, bDivision);
        foreach (Access one in AccessesOf(a, aDivision))
        {
            foreach (Access other in others)
            {
                if (alike ? one.ConflictsWith(other, aDivision) : one.Touches(other)) return true;
            }
        }

        return false;
    }

    private static Access[] AccessesOf(PlanStep step, Division division) =>
        step is AttentionStep attention && division.Kind == DivisionKind.Heads ? attention.HeadAccesses : step.Accesses;

    private List<StepChain> Chains(Division[] divisions, int first, int end)
    {
        List<StepChain> chains = [];
        for (int i = first, start = first; i < end; i++)
        {
            bool goesOn = i + 1 < end && divisions[i + 1] == divisions[i] && (options.RowChains || divisions[i].Kind != DivisionKind.Rows);
            if (goesOn) continue;
            chains.Add(new StepChain(divisions[i], [.. steps.Skip(start).Take(i + 1 - start)]));
            start = i + 1;
        }

        return chains;
    }
}
