using AutoGlm.Cpu.Reference;
using AutoGlm.Cpu.Tests.Kernels;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;
using AutoGlm.Graph.Tests;

namespace AutoGlm.Cpu.Tests.Plan;

/// <summary>Random graphs give the same logits whatever is done to them, and whoever runs them.</summary>
public class PlanEquivalenceTests
{
    private const int Graphs = 12;

    public static TheoryData<string> Passes => new(GraphPasses.Concat(PlanPasses.All));

    private static string[] GraphPasses => [.. GraphOptimizer.Passes.Select(pass => pass.Name)];

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Optimised_plans_agree_with_the_definition(string isa)
    {
        using ReferenceBackend reference = new();
        for (int seed = 0; seed < Graphs; seed++)
        {
            (ComputationGraph graph, IWeightSource weights) = RandomGraph.Make(seed, TensorType.F32);
            List<float[]> expected = GraphRun.Logits(reference, graph, weights, RandomGraph.Vocabulary);
            using CpuBackend backend = new(new CpuOptions { Threads = 1 + seed % 4, Isa = isa });

            AssertNear(expected, GraphRun.Logits(reference, GraphOptimizer.Optimize(graph), weights, RandomGraph.Vocabulary), 1e-5, seed);
            AssertNear(expected, GraphRun.Logits(backend, GraphOptimizer.Optimize(graph), weights, RandomGraph.Vocabulary), 1e-4, seed);
        }
    }

    [Theory]
    [MemberData(nameof(KernelData.Isas), MemberType = typeof(KernelData))]
    public void Optimised_plans_of_quantised_weights_agree_with_the_plain_one(string isa)
    {
        using CpuBackend plain = new(new CpuOptions { Threads = 1, Isa = isa, WithoutPasses = PlanPasses.All });
        for (int seed = 100; seed < 100 + Graphs; seed++)
        {
            (ComputationGraph graph, IWeightSource weights) = RandomGraph.Make(seed);
            List<float[]> expected = GraphRun.Logits(plain, graph, weights, RandomGraph.Vocabulary, KvType.F16);
            for (int threads = 1; threads <= 4; threads++)
            {
                using CpuBackend backend = new(new CpuOptions { Threads = threads, Isa = isa });
                AssertNear(expected, GraphRun.Logits(backend, GraphOptimizer.Optimize(graph), weights, RandomGraph.Vocabulary, KvType.F16), 0, seed, threads);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Passes))]
    public void Each_pass_alone_and_all_but_it_change_nothing(string pass)
    {
        using CpuBackend plain = new(new CpuOptions { Threads = 1, WithoutPasses = PlanPasses.All });
        using CpuBackend alone = new(new CpuOptions { Threads = 2, WithoutPasses = [.. PlanPasses.All.Except([pass])] });
        using CpuBackend others = new(new CpuOptions { Threads = 3, WithoutPasses = [.. PlanPasses.All.Intersect([pass])] });
        for (int seed = 200; seed < 200 + Graphs; seed++)
        {
            (ComputationGraph graph, IWeightSource weights) = RandomGraph.Make(seed);
            List<float[]> expected = GraphRun.Logits(plain, graph, weights, RandomGraph.Vocabulary);

            AssertNear(expected, GraphRun.Logits(alone, GraphOptimizer.Optimize(graph, [.. GraphPasses.Except([pass])]), weights, RandomGraph.Vocabulary), 0, seed);
            AssertNear(expected, GraphRun.Logits(others, GraphOptimizer.Optimize(graph, [.. GraphPasses.Intersect([pass])]), weights, RandomGraph.Vocabulary), 0, seed);
        }
    }

    [Fact]
    public void Unknown_plan_passes_are_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new CpuBackend(new CpuOptions { WithoutPasses = ["dead-nodes"] }));
        Assert.Contains("head-chains", error.Message);
    }

    private static void AssertNear(List<float[]> expected, List<float[]> actual, double tolerance, int seed, int threads = 0)
    {
        for (int i = 0; i < expected.Count; i++)
        {
            double error = KernelData.RelativeError(actual[i], Array.ConvertAll(expected[i], value => (double)value));
            Assert.True(error <= tolerance, $"graph {seed}, {threads} threads, batch {i}: error {error:g3}");
        }
    }
}
