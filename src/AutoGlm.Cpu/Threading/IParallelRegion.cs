namespace AutoGlm.Cpu.Threading;

/// <summary>Work that every thread of a <see cref="ThreadTeam"/> walks through together.</summary>
internal interface IParallelRegion
{
    /// <summary>Runs this thread's part of <paramref name="threads"/>, of which there may be fewer than the team has; all threads must pass the same number of <see cref="ThreadTeam.Barrier"/>s.</summary>
    void Run(int thread, int threads);
}
