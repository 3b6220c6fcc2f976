using AutoGlm.Cpu;
using AutoGlm.Engine;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Cli.Ablation;

/// <summary>One row of the ablation: all techniques up to one.</summary>
/// <param name="Name">What it adds to the row before.</param>
/// <param name="Apply">Switches off, in options where all are on, what this row and those before it do not have.</param>
/// <param name="KeepsPrefixes">True where requests may take over what earlier ones computed.</param>
/// <param name="WarmsUp">True where the engine is warmed up, and knows the hot prefix, before the first request.</param>
internal sealed record AblationStep(string Name, Func<EngineOptions, EngineOptions> Apply, bool KeepsPrefixes = false, bool WarmsUp = false)
{
    public static IReadOnlyList<AblationStep> All { get; } =
    [
        new("naive", options => Alone(Unfused(options)) with { FullPrecisionWeights = true }),
        new("+ quantised weights", options => Alone(Unfused(options))),
        new("+ fusion", Alone),
        new("+ continuous batching", options => options),
        new("+ prefix cache", options => options, KeepsPrefixes: true),
        new("+ warm-up", options => options, KeepsPrefixes: true, WarmsUp: true),
    ];

    /// <summary>One request at a time.</summary>
    private static EngineOptions Alone(EngineOptions options) => options with { MaxSequences = 1 };

    private static EngineOptions Unfused(EngineOptions options) =>
        options with { WithoutPasses = [.. GraphOptimizer.Passes.Select(pass => pass.Name), .. PlanPasses.All] };
}
