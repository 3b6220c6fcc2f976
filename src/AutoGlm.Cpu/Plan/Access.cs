using AutoGlm.Cpu.Kernels;

namespace AutoGlm.Cpu.Plan;

/// <summary>Which part of a row a thread touches when rows are split by columns.</summary>
internal enum Reach
{
    /// <summary>The columns that are its share.</summary>
    Share,

    /// <summary>Any columns of its rows.</summary>
    Row,

    /// <summary>Any columns of any rows.</summary>
    All,
}

/// <summary>
/// What a step reads or writes: <paramref name="Width"/> columns from <paramref name="Column"/> on, in rows
/// <paramref name="Pitch"/> apart, split in multiples of <paramref name="Grain"/> where it is split by columns. From this alone
/// follows which steps need a barrier between them.
/// </summary>
/// <param name="Memory">Identity of the memory; different ones never overlap.</param>
internal readonly record struct Access(object Memory, long Pitch, int Column, int Width, int Grain, Reach Reach, bool Writes)
{
    /// <summary>Memory that any thread may touch anywhere.</summary>
    public static Access ToAll(object memory, bool writes) => new(memory, 0, 0, int.MaxValue, 1, Reach.All, writes);

    /// <summary>True where one thread may touch what another one writes, though both steps are divided the same way.</summary>
    public bool ConflictsWith(in Access other, in Division division)
    {
        if (!Touches(other)) return false;
        if (Reach == Reach.All || other.Reach == Reach.All || Pitch != other.Pitch) return true;
        if (division.Shares == 1) return false;
        return Reach == Reach.Row || other.Reach == Reach.Row || !SplitsLike(other, division.Shares);
    }

    /// <summary>True where the two overlap and one of them writes.</summary>
    public bool Touches(in Access other) =>
        ReferenceEquals(Memory, other.Memory) && (Writes || other.Writes)
        && (Pitch != other.Pitch || (Column < (long)other.Column + other.Width && other.Column < (long)Column + Width));

    /// <summary>True where all shares have the same number of columns.</summary>
    public bool SplitsInto(int shares) => Width % Grain == 0 && Width / Grain % shares == 0;

    private bool SplitsLike(in Access other, int shares)
    {
        if (Column != other.Column || Width != other.Width) return false;
        for (int share = 0; share < shares; share++)
        {
            if (WorkRange.Of(Width, Grain, share, shares) != WorkRange.Of(other.Width, other.Grain, share, shares)) return false;
        }

        return true;
    }
}
