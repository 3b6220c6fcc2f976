using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>A piece of work that the threads of a team share.</summary>
/// <param name="rows">The rows it treats one by one; null where it divides its work itself.</param>
/// <param name="accesses">All the memory it touches that other steps do too.</param>
internal abstract class PlanStep(RowSpace? rows, Access[] accesses)
{
    public RowSpace? Rows => rows;

    public Access[] Accesses => accesses;

    /// <summary>True where its columns split into so many equal parts that have nothing to do with each other.</summary>
    public virtual bool SplitsInto(int shares) => rows is not null && Array.TrueForAll(accesses, access => access.Reach == Reach.Row ? !access.Writes : access.SplitsInto(shares));

    /// <summary>Does a part. A step that divides itself gets all rows, and its thread as the share.</summary>
    public abstract void Run(StepContext context, in Part part);
}
