using AutoGlm.Engine.Evaluation;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Tests.Evaluation;

public class EvaluationTests
{
    private const int Chunk = 48;

    /// <summary>Against the definition, spelled out: each chunk whole, all logits, softmax in double precision.</summary>
    [Theory]
    [InlineData(512)]
    [InlineData(20)]
    public void Perplexity_is_that_of_its_definition(int batchTokens)
    {
        using ModelRuntime runtime = ModelRuntime.Load(EngineFixture.ModelPath, new EngineOptions { Context = Chunk, BatchTokens = batchTokens, KvType = KvType.F32 });
        int[] tokens = PerplexityMeter.Encode(runtime.Package.Tokenizer, string.Concat(Enumerable.Repeat("The lighthouse keeper climbed the stairs <|im_end|> and lit the lamp. ", 12)));
        List<PerplexityResult> reported = [];

        PerplexityResult result = new PerplexityMeter(runtime, Chunk).Measure(tokens, mostChunks: 2, progress: new Collector(reported));

        List<double> losses = [];
        for (int chunk = 0; chunk < 2; chunk++)
        {
            int[] input = tokens[(chunk * Chunk)..((chunk + 1) * Chunk)];
            float[] logits = AllLogits(runtime, input);
            for (int position = Chunk / 2; position < Chunk - 1; position++)
            {
                double[] row = [.. logits.AsSpan(position * runtime.Vocabulary, runtime.Vocabulary).ToArray().Select(logit => (double)logit)];
                double most = row.Max();
                losses.Add(most + Math.Log(row.Sum(logit => Math.Exp(logit - most))) - row[input[position + 1]]);
            }
        }

        double mean = losses.Average();
        Assert.Equal((2, 2 * (Chunk - 1 - Chunk / 2)), (result.Chunks, result.ScoredTokens));
        Assert.Equal(mean, result.MeanLoss, 1e-3);
        Assert.Equal(Math.Exp(result.MeanLoss), result.Perplexity, 1e-9);
        Assert.Equal(Math.Sqrt((losses.Average(loss => loss * loss) - mean * mean) / (losses.Count - 1)), result.LossError, 1e-3);
        Assert.Equal([1, 2], reported.Select(part => part.Chunks));
    }

    [Fact]
    public void Perplexity_needs_a_whole_chunk()
    {
        using ModelRuntime runtime = ModelRuntime.Load(EngineFixture.ModelPath, new EngineOptions { Context = Chunk });

        Assert.Throws<ArgumentException>(() => new PerplexityMeter(runtime, Chunk).Measure(new int[Chunk - 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PerplexityMeter(runtime, Chunk + 1));
        Assert.Throws<OperationCanceledException>(() => new PerplexityMeter(runtime, Chunk).Measure(new int[Chunk], cancellation: new CancellationToken(true)));
    }

    [Fact]
    public void Throughput_counts_what_it_ran()
    {
        EngineOptions options = new() { Context = 64, BatchTokens = 32, KvType = KvType.F16 };
        using ModelRuntime runtime = ModelRuntime.Load(EngineFixture.ModelPath, options);
        ThroughputMeter meter = new(runtime);
        double layoutBytes = 2.0 * 16 * 3 * 64 * sizeof(ushort);

        ThroughputResult prompt = meter.Prompt(60, 2);
        ThroughputResult generation = meter.Generation(8, 4, 3);

        Assert.Equal((2, 3), (prompt.Rate.Count, generation.Rate.Count));
        Assert.InRange(prompt.Rate.Median, prompt.Rate.Min, prompt.Rate.Max);
        Assert.Equal(runtime.BytesPerToken / 4.0 + layoutBytes * 8 / 2, generation.BytesPerToken, 1);
        Assert.Equal(4 * runtime.Pool.Memory.Layout.BlockBytes * 4, ThroughputMeter.KvBytes(runtime.Graph, options, 4, 50));
        Assert.Equal(runtime.Pool.BlockCount, runtime.Pool.AvailableCount);
    }

    [Fact]
    public void Samples_have_a_median()
    {
        Assert.Equal(2, new Sample([3, 1, 2]).Median);
        Assert.Equal(2.5, new Sample([4, 1, 2, 3]).Median);
        Assert.Equal((1, 4), (new Sample([4, 1]).Min, new Sample([4, 1]).Max));
        Assert.Throws<ArgumentException>(() => new Sample([]));
    }

    [Fact]
    public void Memory_can_be_read_at_some_speed() => Assert.InRange(MemoryBandwidth.Measure(2), 1e3, 1e13);

    private static float[] AllLogits(ModelRuntime runtime, int[] input)
    {
        using KvSequence kv = runtime.CreateSequence();
        Assert.True(kv.TryReserve(input.Length));
        float[] logits = new float[input.Length * runtime.Vocabulary];
        ForwardBatch batch = new();
        for (int start = 0; start < input.Length; start += runtime.Options.StepTokens)
        {
            int[] part = input[start..Math.Min(input.Length, start + runtime.Options.StepTokens)];
            batch.Clear();
            batch.Add(part, start, kv.BlockTable, runtime.Pool.BlockTokens, LogitRows.All);
            runtime.Run(batch, logits.AsSpan(start * runtime.Vocabulary, part.Length * runtime.Vocabulary));
            kv.Commit(part);
        }

        return logits;
    }

    private sealed class Collector(List<PerplexityResult> results) : IProgress<PerplexityResult>
    {
        public void Report(PerplexityResult value) => results.Add(value);
    }
}
