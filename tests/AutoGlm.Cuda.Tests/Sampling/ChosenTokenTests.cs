using AutoGlm.Cuda.Tests.Plan;
using AutoGlm.Engine.Sampling;
using AutoGlm.Formats.Tensors;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Cuda.Tests.Sampling;

/// <summary>Steps whose tokens the card chooses, two of them under way, give what steps do that are run one by one and chosen from on the host.</summary>
public class ChosenTokenTests
{
    private const int BlockTokens = 16, BlocksEach = 4;

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(11, true)]
    [InlineData(40, true)]
    [InlineData(11, false)]
    public void Steps_under_way_together_are_those_run_one_by_one(int sequences, bool graphs)
    {
        Gpu.Open().Dispose();
        using CudaBackend backend = new(new CudaOptions { CaptureGraphs = graphs });
        (ComputationGraph graph, IWeightSource weights) = WideDecoder.Make(TensorType.Q8_0);
        graph = GraphOptimizer.Optimize(graph);
        using ISamplingExecutor card = (ISamplingExecutor)backend.Load(graph, weights, 64);
        using IGraphExecutor host = backend.Load(graph, weights, 64);
        KvLayout layout = KvLayout.For(graph, KvType.F16, BlockTokens);
        using IKvMemory cardKv = backend.AllocateKv(layout, sequences * BlocksEach), hostKv = backend.AllocateKv(layout, sequences * BlocksEach);
        Sampler[] choosing = [.. Samplers(sequences)], drawing = [.. Samplers(sequences)];
        int[] tokens = [.. Enumerable.Range(0, sequences).Select(i => i * 7 % WideDecoder.Vocabulary)];
        int[] chosen = new int[sequences], next = new int[sequences];

        for (int position = 0; position < 40; position += 2)
        {
            card.Begin(Batch(tokens, position), cardKv, Rows(choosing), WideDecoder.Vocabulary, follows: false);
            card.Begin(Batch(new int[sequences], position + 1), cardKv, Rows(choosing), WideDecoder.Vocabulary, follows: true);
            card.End(chosen);
            Assert.Equal(Draw(Logits(host, hostKv, tokens, position), drawing), chosen);
            card.End(next);
            float[] expected = Logits(host, hostKv, chosen, position + 1);
            Assert.Equal(Draw(expected, drawing), next);
            float[] logits = new float[WideDecoder.Vocabulary];
            card.ReadLogits(sequences - 1, logits);
            Assert.Equal(expected[^logits.Length..], logits);
            next.CopyTo(tokens, 0);
        }
    }

    [Fact]
    public void No_third_step_is_begun_and_none_is_ended_that_was_not_begun()
    {
        Gpu.Open().Dispose();
        using CudaBackend backend = new();
        (ComputationGraph graph, IWeightSource weights) = WideDecoder.Make(TensorType.F32);
        using ISamplingExecutor card = (ISamplingExecutor)backend.Load(GraphOptimizer.Optimize(graph), weights, 8);
        using IKvMemory kv = backend.AllocateKv(KvLayout.For(graph, KvType.F16, BlockTokens), BlocksEach);
        int[] token = [5];

        Assert.Throws<InvalidOperationException>(() => card.End(token));
        for (int i = 0; i < 2; i++) card.Begin(Batch(token, i), kv, [RowSampling.Greedy], WideDecoder.Vocabulary, follows: false);
        Assert.Throws<InvalidOperationException>(() => card.Begin(Batch(token, 2), kv, [RowSampling.Greedy], WideDecoder.Vocabulary, follows: false));
        for (int i = 0; i < 2; i++) card.End(token);
        Assert.Throws<InvalidOperationException>(() => card.End(token));
    }

    private static IEnumerable<Sampler> Samplers(int count) => Enumerable.Range(0, count).Select(i => new Sampler(
        (i % 4) switch
        {
            0 => SamplingOptions.Greedy,
            1 => new SamplingOptions { Seed = (ulong)i, TopK = 20, Temperature = 0.8f },
            2 => new SamplingOptions { Seed = (ulong)i, Temperature = 1.5f, TopP = 0.9f, MinP = 0.01f },
            _ => new SamplingOptions { Seed = (ulong)i },
        },
        WideDecoder.Vocabulary));

    private static RowSampling[] Rows(Sampler[] samplers) => [.. samplers.Select(sampler => sampler.NextRow())];

    private static int[] Draw(float[] logits, Sampler[] samplers) =>
        [.. samplers.Select((sampler, i) => sampler.Sample(logits.AsSpan(i * WideDecoder.Vocabulary, WideDecoder.Vocabulary), []))];

    private static float[] Logits(IGraphExecutor executor, IKvMemory kv, int[] tokens, int position)
    {
        float[] logits = new float[tokens.Length * WideDecoder.Vocabulary];
        executor.Run(Batch(tokens, position), kv, logits);
        return logits;
    }

    private static ForwardBatch Batch(int[] tokens, int position)
    {
        ForwardBatch batch = new();
        for (int i = 0; i < tokens.Length; i++) batch.Add([tokens[i]], position, [.. Enumerable.Range(i * BlocksEach, BlocksEach)], BlockTokens, LogitRows.Last);
        return batch;
    }
}
