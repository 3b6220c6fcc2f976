using AutoGlm.Engine.Evaluation;

namespace AutoGlm.Bench.Peers;

/// <summary>One workload's rates: [contestant][round], this engine first.</summary>
internal sealed record PeerResult(string Model, Workload Workload, string[] Contestants, double[][] Rates)
{
    public double MedianRate(int contestant) => new Sample(Rates[contestant]).Median;

    /// <summary>This engine's rate over a peer's, round by round: what slows the machine slows both of a round.</summary>
    public double[] Ratios(int contestant) => [.. Rates[0].Zip(Rates[contestant], (ours, theirs) => ours / theirs)];

    public double MedianRatio(int contestant) => new Sample(Ratios(contestant)).Median;
}
