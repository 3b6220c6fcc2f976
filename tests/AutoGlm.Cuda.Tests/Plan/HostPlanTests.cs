using AutoGlm.Cpu.Reference;
using AutoGlm.Cpu.Tests.Plan;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Passes;
using AutoGlm.Graph.Tests;

namespace AutoGlm.Cuda.Tests.Plan;

/// <summary>Fusions leave what a graph computes as it is, on the buffers that a card's plan has; needs no card.</summary>
public class HostPlanTests
{
    private const int Graphs = 40;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Fused_plans_agree_with_the_definition(bool heads, bool products)
    {
        using ReferenceBackend reference = new();
        using HostPlan plan = new(heads, products);
        for (int seed = 0; seed < Graphs; seed++)
        {
            (ComputationGraph graph, IWeightSource weights) = RandomGraph.Make(seed, seed % 2 == 0 ? TensorType.F32 : null);
            graph = GraphOptimizer.Optimize(graph);
            List<float[]> expected = GraphRun.Logits(reference, graph, weights, RandomGraph.Vocabulary);
            List<float[]> actual = GraphRun.Logits(plan, graph, weights, RandomGraph.Vocabulary);
            for (int i = 0; i < expected.Count; i++) Assert.True(expected[i].AsSpan().SequenceEqual(actual[i]), $"graph {seed}, batch {i}: error {Errors.Relative(actual[i], expected[i]):g3}");
        }
    }
}
