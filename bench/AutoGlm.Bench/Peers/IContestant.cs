namespace AutoGlm.Bench.Peers;

/// <summary>An engine as a process of its own: each measurement starts it, so that none holds memory or threads while another runs.</summary>
internal interface IContestant
{
    string Name { get; }

    /// <summary>Tokens per second, of all sequences together.</summary>
    /// <exception cref="InvalidOperationException">It failed, with what it said.</exception>
    double Measure(string model, Workload workload, int threads);
}
