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
    [InlineData(true, true, KvType.F32, 1e-4)]
    [InlineData(true, true, KvType.F16, 2e-3)]
    [InlineData(false, true, KvType.F32, 2e-2)]
    [InlineData(false, true, KvType.F16, 2e-2)]
    [InlineData(false, false, KvType.F16, 2e-2)]
    public void Plans_agree_with_the_definition(bool plain, bool fuse, KvType type, double tolerance)
    {
        Gpu.Open().Dispose();
        using ReferenceBackend reference = new();
        using CudaBackend backend = new(new CudaOptions { Reference = plain, FuseHeads = fuse, FuseGates = fuse });
        for (int seed = 0; seed < 2 * Graphs; seed++)
        {
            // Every second graph mixes quantised matrices in.
            (ComputationGraph graph, IWeightSource weights) = RandomGraph.Make(seed, seed % 2 == 0 ? TensorType.F32 : null);
            List<float[]> expected = GraphRun.Logits(reference, graph, weights, RandomGraph.Vocabulary);
            List<float[]> actual = GraphRun.Logits(backend, GraphOptimizer.Optimize(graph), weights, RandomGraph.Vocabulary, type);
            for (int i = 0; i < expected.Count; i++)
            {
                double error = Errors.Relative(actual[i], expected[i]);
                Assert.True(error <= tolerance, $"graph {seed}, batch {i}: error {error:g3}");
            }
        }
    }

    [Theory]
    [InlineData(TensorType.Q8_0)]
    [InlineData(TensorType.Q4_0)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.F16)]
    public void Each_pass_leaves_results_as_they_are(TensorType type)
    {
        Gpu.Open().Dispose();
        using ReferenceBackend reference = new();
        (ComputationGraph graph, IWeightSource weights) = WideDecoder.Make(type);
        List<float[]> expected = GraphRun.Logits(reference, graph, weights, WideDecoder.Vocabulary);
        graph = GraphOptimizer.Optimize(graph);
        string[][] choices = [[], [.. CudaPasses.All], .. CudaPasses.All.Select(pass => new[] { pass })];
        foreach (string[] without in choices)
        {
            using CudaBackend backend = new(new CudaOptions().Without(without));
            List<float[]> actual = GraphRun.Logits(backend, graph, weights, WideDecoder.Vocabulary, KvType.F16);
            for (int i = 0; i < expected.Count; i++)
            {
                double error = Errors.Relative(actual[i], expected[i]);
                Assert.True(error <= 2e-2, $"without {string.Join(", ", without)}, batch {i}: error {error:g3}");
            }
        }
    }

    [Theory]
    [InlineData(TensorType.Q8_0)]
    [InlineData(TensorType.BF16)]
    public void Prompts_that_are_handed_over_give_what_floats_give(TensorType type)
    {
        Gpu.Open().Dispose();
        (ComputationGraph graph, IWeightSource weights) = WideDecoder.Make(type);
        graph = GraphOptimizer.Optimize(graph);
        using CudaBackend handed = new(), floats = new(new CudaOptions().Without([CudaPasses.Handovers]));

        Assert.InRange(Errors.Relative(Prompt(handed, graph, weights), Prompt(floats, graph, weights)), 0, 5e-3);
    }

    /// <summary>Logits of all rows of a prompt, in blocks that the tensor-core kernels of attention read.</summary>
    private static float[] Prompt(CudaBackend backend, ComputationGraph graph, IWeightSource weights)
    {
        const int BlockTokens = 16, Rows = 200;
        using IGraphExecutor executor = backend.Load(graph, weights, Rows);
        using IKvMemory kv = backend.AllocateKv(KvLayout.For(graph, KvType.F16, BlockTokens), 13);
        ForwardBatch batch = new();
        batch.Add([.. Enumerable.Range(0, Rows).Select(i => i * 7 % WideDecoder.Vocabulary)], 0, [.. Enumerable.Range(0, 13)], BlockTokens, LogitRows.All);
        float[] logits = new float[Rows * WideDecoder.Vocabulary];
        executor.Run(batch, kv, logits);
        return logits;
    }

    [Fact]
    public void Replayed_graphs_give_what_was_recorded()
    {
        Gpu.Open().Dispose();
        using CudaBackend captured = new(), plain = new(new CudaOptions { CaptureGraphs = false });
        (ComputationGraph graph, IWeightSource weights) = RandomGraph.Make(3, TensorType.Q8_0);
        graph = GraphOptimizer.Optimize(graph);

        Assert.Equal(Decode(plain, graph, weights), Decode(captured, graph, weights));
    }

    /// <summary>Logits of many steps of one to eleven sequences.</summary>
    private static float[] Decode(CudaBackend backend, ComputationGraph graph, IWeightSource weights)
    {
        const int BlockTokens = 16;
        using IGraphExecutor executor = backend.Load(graph, weights, 16);
        using IKvMemory kv = backend.AllocateKv(KvLayout.For(graph, KvType.F16, BlockTokens), 24);
        ForwardBatch batch = new();
        List<float> all = [];
        for (int step = 0; step < 30; step++)
        {
            batch.Clear();
            int rows = new[] { 1, 3, 11 }[step % 3];
            for (int i = 0; i < rows; i++) batch.Add([(step * 7 + i) % RandomGraph.Vocabulary], step, [2 * i, 2 * i + 1], BlockTokens, LogitRows.Last);
            float[] logits = new float[rows * RandomGraph.Vocabulary];
            executor.Run(batch, kv, logits);
            all.AddRange(logits);
        }

        return [.. all];
    }
}
