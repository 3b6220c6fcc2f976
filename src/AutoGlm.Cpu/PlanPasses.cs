using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Cpu;

/// <summary>Names of what the CPU plan does after the graph's passes, each of which <see cref="CpuOptions.WithoutPasses"/> may leave out.</summary>
public static class PlanPasses
{
    /// <summary>No barrier between steps whose threads read only what they wrote themselves.</summary>
    public const string Stages = "barriers";

    /// <summary>Steps that treat rows one by one run together, a few rows at a time: norm and quantisation, activation and quantisation.</summary>
    public const string RowChains = "row-chains";

    /// <summary>Where each sequence has one row: head norms, rotation, KV write, attention and quantisation by one thread, head by head.</summary>
    public const string HeadChains = "head-chains";

    /// <summary>Matmuls and attention in more shares than threads, which threads take as they come to them.</summary>
    public const string SharedOut = "shared-out";

    /// <summary>Rotation, KV write and attention as one: <see cref="RotaryAttention"/>.</summary>
    public const string Rotations = "rotary-attention";

    /// <summary>Norm and quantisation of a matmul's input as one: <see cref="NormedMatMuls"/>.</summary>
    public const string NormedInputs = "norm-matmul";

    /// <summary>A sum with the norm of a term, and with the norm that follows: <see cref="ResidualNorms"/>.</summary>
    public const string ResidualSums = "residual-norm";

    public static IReadOnlyList<string> All { get; } = [Stages, RowChains, HeadChains, SharedOut, Rotations, NormedInputs, ResidualSums];

    /// <summary>Those that rewrite the graph, in the order they run; the others decide how its steps are walked.</summary>
    public static IReadOnlyList<GraphPass> OfGraph { get; } =
    [
        new(Rotations, RotaryAttention.Fuse),
        new(NormedInputs, graph => NormedMatMuls.Fuse(graph, Quantizes)),
        new(ResidualSums, ResidualNorms.Fuse),
    ];

    /// <summary>A graph as the CPU plan runs it.</summary>
    /// <param name="graph">The graph, after <see cref="GraphOptimizer"/>.</param>
    /// <param name="without">Names of passes to leave out.</param>
    public static OptimizationTrace Trace(ComputationGraph graph, IReadOnlyCollection<string>? without = null) =>
        GraphOptimizer.Run(graph, OfGraph.Where(pass => without?.Contains(pass.Name) != true));

    private static bool Quantizes(Weight weight) => weight.Type is { } type && PackedFormat.Types.Contains(type) && !PackedFormat.Get(type).IsFloat;
}
