using AutoGlm.Cpu.Reference;
using AutoGlm.Cpu.Tests.Plan;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;
using AutoGlm.Graph.Tests;

namespace AutoGlm.Cuda.Tests.Plan;

/// <summary>Random graphs give on the card what they give by definition on the processor.</summary>
public class PlanTests
{
    private const int Graphs = 12;

    [Theory]
    [InlineData(true, KvType.F32, 1e-4)]
    [InlineData(true, KvType.F16, 2e-3)]
    [InlineData(false, KvType.F32, 2e-2)]
    [InlineData(false, KvType.F16, 2e-2)]
    public void Plans_agree_with_the_definition(bool plain, KvType type, double tolerance)
    {
        Gpu.Open().Dispose();
        using ReferenceBackend reference = new();
        using CudaBackend backend = new(new CudaOptions { Reference = plain });
        for (int seed = 0; seed < Graphs; seed++)
        {
            (ComputationGraph graph, IWeightSource weights) = RandomGraph.Make(seed, TensorType.F32);
            List<float[]> expected = GraphRun.Logits(reference, graph, weights, RandomGraph.Vocabulary);
            List<float[]> actual = GraphRun.Logits(backend, GraphOptimizer.Optimize(graph), weights, RandomGraph.Vocabulary, type);
            for (int i = 0; i < expected.Count; i++)
            {
                double error = Errors.Relative(actual[i], expected[i]);
                Assert.True(error <= tolerance, $"graph {seed}, batch {i}: error {error:g3}");
            }
        }
    }
}
