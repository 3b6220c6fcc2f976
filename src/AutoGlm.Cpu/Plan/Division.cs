using AutoGlm.Graph;

namespace AutoGlm.Cpu.Plan;

/// <summary>How the threads of a team divide a step.</summary>
internal enum DivisionKind
{
    /// <summary>The step does it, in a way of its own.</summary>
    Own,

    /// <summary>Each thread has some of the rows.</summary>
    Rows,

    /// <summary>There are fewer rows than threads: each thread has some of the columns of all rows.</summary>
    Columns,

    /// <summary>Each thread has some of the (row, KV head) pairs: the columns of the row's heads that belong to the KV head.</summary>
    Heads,
}

/// <summary>How a step is divided in a batch.</summary>
/// <param name="Kind">How.</param>
/// <param name="Space">Which rows; none where the step divides itself.</param>
/// <param name="Shares">Parts that columns are split into.</param>
internal readonly record struct Division(DivisionKind Kind, RowSpace? Space, int Shares)
{
    // As the compiler would have it, but without generic types that the runtime would compile at each start.
    public bool Equals(Division other) => Kind == other.Kind && Space == other.Space && Shares == other.Shares;

    public override int GetHashCode() => HashCode.Combine((int)Kind, Shares);
}

/// <summary>A part of a step: rows from <paramref name="Row"/> on, and of their columns one share of several.</summary>
/// <param name="Thread">The thread that does it.</param>
internal readonly record struct Part(int Row, int RowEnd, int Share, int Shares, int Thread)
{
    /// <summary>The part's rows and columns of something so wide.</summary>
    public Kernels.Area Of(in Access access)
    {
        (int column, int end) = Kernels.WorkRange.Of(access.Width, access.Grain, Share, Shares);
        return new Kernels.Area(Row, RowEnd, column, end);
    }
}
