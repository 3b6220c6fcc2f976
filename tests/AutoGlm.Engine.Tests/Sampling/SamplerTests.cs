using AutoGlm.Engine.Sampling;
using CsCheck;

namespace AutoGlm.Engine.Tests.Sampling;

public class SamplerTests
{
    private static readonly Gen<float> s_logit = Gen.Frequency(
        (8, Gen.Float[-12, 12]), (2, Gen.Int[-3, 3].Select(number => (float)number)), (1, Gen.Const(float.NegativeInfinity)), (1, Gen.Const(float.NaN)));

    private static readonly Gen<SamplingOptions> s_options =
        from temperature in Gen.Frequency((1, Gen.Const(0f)), (6, Gen.Float[0.1f, 3]))
        from topK in Gen.Frequency((1, Gen.Const(0)), (1, Gen.Int[1, 40]))
        from topP in Gen.Frequency((1, Gen.Const(1f)), (1, Gen.Float[0, 1]))
        from minP in Gen.Frequency((1, Gen.Const(0f)), (1, Gen.Float[0, 1]))
        from typicalP in Gen.Frequency((2, Gen.Const(1f)), (1, Gen.Float[0.05f, 1]))
        from repetition in Gen.Frequency((1, Gen.Const(1f)), (1, Gen.Float[0.5f, 2]))
        from frequency in Gen.Frequency((1, Gen.Const(0f)), (1, Gen.Float[-1, 1]))
        from window in Gen.Int[-1, 8]
        from biased in Gen.Bool
        from seed in Gen.ULong
        select new SamplingOptions
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
            TypicalP = typicalP,
            RepetitionPenalty = repetition,
            FrequencyPenalty = frequency,
            PresencePenalty = frequency / 2,
            PenaltyWindow = window,
            Seed = seed,
            LogitBias = biased ? new Dictionary<int, float> { [0] = 2.5f } : null,
        };

    [Fact]
    public void Chooses_as_the_reference_does()
    {
        int compared = 0;
        Gen.Select(s_logit.Array[1, 600], s_options, Gen.Int[0, 20]).Sample(
            (logits, options, historyLength) =>
            {
                if (logits.All(logit => !(logit > float.NegativeInfinity))) return;
                int[] tokens = [.. Enumerable.Range(0, historyLength).Select(i => i * 7 % Math.Min(5, logits.Length))];
                (List<(int Id, double Probability)> expected, double margin) = ReferenceSampler.Distribution(Clean(logits), tokens, options);
                if (margin < 1e-5) return;
                var sampler = new Sampler(options, logits.Length);
                var before = (float[])logits.Clone();
                int token = sampler.Sample(logits, tokens);
                Assert.Equal(before, logits);
                if (ExpectedDraw(expected, options) is not { } drawn) return;
                Assert.Equal(drawn, token);
                Interlocked.Increment(ref compared);
            },
            iter: 4_000);
        Assert.True(compared > 2_500, $"only {compared} draws could be compared");
    }

    [Fact]
    public void Keeps_the_candidates_that_the_reference_keeps()
    {
        int compared = 0;
        Gen.Select(s_logit.Array[2, 600], s_options).Sample(
            (logits, options) =>
            {
                options = options with { Temperature = 1, RepetitionPenalty = 1, FrequencyPenalty = 0, PresencePenalty = 0, LogitBias = null };
                if (logits.All(logit => !(logit > float.NegativeInfinity))) return;
                (List<(int Id, double Probability)> expected, double margin) = ReferenceSampler.Distribution(Clean(logits), [], options);
                if (margin < 1e-5) return;
                Candidates candidates = new Sampler(options, logits.Length).Filter(logits, Softmax.Max(logits));
                Assert.Equal(expected.Select(entry => entry.Id), candidates.Ids.ToArray());
                Interlocked.Increment(ref compared);
            },
            iter: 4_000);
        Assert.True(compared > 3_000, $"only {compared} sets could be compared");
    }

    [Theory]
    [InlineData(0, 1f, 0f)]
    [InlineData(50, 0.9f, 0f)]
    [InlineData(3000, 1f, 0.02f)]
    [InlineData(0, 0.95f, 0.05f)]
    [InlineData(0, 0.9999f, 0f)]
    public void A_large_vocabulary_draws_as_the_reference_does(int topK, float topP, float minP)
    {
        float[] logits = Logits(150_000, seed: 3);
        for (ulong seed = 0; seed < 8; seed++)
        {
            var options = new SamplingOptions { TopK = topK, TopP = topP, MinP = minP, Temperature = 0.8f, Seed = seed };
            (List<(int Id, double Probability)> expected, _) = ReferenceSampler.Distribution(logits, [], options);
            var sampler = new Sampler(options, logits.Length);
            if (ExpectedDraw(expected, options) is { } drawn) Assert.Equal(drawn, sampler.Sample(logits, []));
        }
    }

    [Fact]
    public void Draws_with_the_frequencies_of_the_distribution()
    {
        float[] logits = [1, 3, 2, 0, 2.5f];
        var options = new SamplingOptions { TopP = 0.95f, Temperature = 0.7f, Seed = 11 };
        (List<(int Id, double Probability)> expected, _) = ReferenceSampler.Distribution(logits, [], options);
        var sampler = new Sampler(options, logits.Length);
        var counts = new int[logits.Length];
        for (int i = 0; i < 100_000; i++) counts[sampler.Sample(logits, [])]++;
        foreach ((int id, double probability) in expected) Assert.Equal(probability, counts[id] / 100_000.0, 0.006);
        Assert.Equal(100_000, expected.Sum(entry => counts[entry.Id]));
    }

    [Fact]
    public void The_same_seed_chooses_the_same_on_every_machine()
    {
        float[] logits = Logits(1_000, seed: 5);
        var options = new SamplingOptions { Seed = 42, TopP = 0.95f, RepetitionPenalty = 1.1f };
        Assert.Equal(Run(options, logits, 24), Run(options, logits, 24));
        Assert.NotEqual(Run(options, logits, 24), Run(options with { Seed = 43 }, logits, 24));
        RandomSource random = new(42);
        Assert.Equal([3396811744637668, 3539266635802458, 5680425659607235], Enumerable.Range(0, 3).Select(_ => (long)(random.NextDouble() * (1L << 53))));
    }

    [Fact]
    public void An_unseeded_sampler_tells_the_seed_it_took()
    {
        float[] logits = Logits(500, seed: 6);
        var sampler = new Sampler(new SamplingOptions(), logits.Length);
        int[] first = [.. Enumerable.Range(0, 20).Select(_ => sampler.Sample(logits, []))];
        var again = new Sampler(new SamplingOptions { Seed = sampler.Seed }, logits.Length);
        Assert.Equal(first, Enumerable.Range(0, 20).Select(_ => again.Sample(logits, [])));
        Assert.NotEqual(sampler.Seed, new Sampler(new SamplingOptions(), logits.Length).Seed);
    }

    [Fact]
    public void Greedy_takes_the_lowest_of_equal_ids_and_skips_what_is_no_number()
    {
        float[] logits = [float.NaN, 1, 5, 5, float.NegativeInfinity, 5];
        Assert.Equal(2, new Sampler(SamplingOptions.Greedy, 6).Sample(logits, []));
        logits[3] = float.PositiveInfinity;
        Assert.Equal(3, new Sampler(SamplingOptions.Greedy, 6).Sample(logits, []));
        Assert.Equal(3, new Sampler(new SamplingOptions { TopP = 0.5f }, 6).Sample(logits, []));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Refuses_logits_without_any_number(float logit)
    {
        float[] logits = [.. Enumerable.Repeat(logit, 100)];
        foreach (SamplingOptions options in (SamplingOptions[])[SamplingOptions.Greedy, new() { TopK = 3 }, new() { TypicalP = 0.5f }])
        {
            Assert.Contains("NaN", Assert.Throws<InvalidOperationException>(() => new Sampler(options, 100).Sample(logits, [])).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Extreme_logits_and_temperatures_draw_something_possible()
    {
        float[] extremes = [float.MaxValue, float.MinValue, 0, 1e-45f, float.NegativeInfinity, float.NaN];
        Gen.Select(Gen.Int[0, 5].Array[1, 20], Gen.Float[0, 1], Gen.Float[0, 1], Gen.Int[0, 4]).Sample((picks, p, minP, topK) =>
        {
            float[] logits = [.. picks.Select(pick => extremes[pick]), 0];
            foreach (float temperature in (float[])[1e-45f, 1e-10f, 1, 100])
            {
                var options = new SamplingOptions { Temperature = temperature, TopP = p, TypicalP = p, MinP = minP, TopK = topK, Seed = 1 };
                int token = new Sampler(options, logits.Length).Sample(logits, []);
                Assert.True(logits[token] > float.NegativeInfinity);
            }
        });
    }

    [Fact]
    public void Allocates_nothing_for_a_token()
    {
        float[] logits = Logits(5_000, seed: 8);
        var options = new SamplingOptions
        {
            TopK = 40,
            TopP = 0.9f,
            MinP = 0.05f,
            TypicalP = 0.9f,
            RepetitionPenalty = 1.1f,
            Seed = 1,
            LogitBias = new Dictionary<int, float> { [3] = 1 },
        };
        var sampler = new Sampler(options, logits.Length);
        int[] tokens = [.. Enumerable.Range(0, 1_000)];
        for (int i = 0; i < 500; i++) sampler.Sample(logits, tokens.AsSpan(0, i));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 500; i < 1_000; i++) sampler.Sample(logits, tokens.AsSpan(0, i));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Window_counts_are_those_of_the_last_tokens()
    {
        Gen.Select(Gen.Int[0, 5].Array[0, 60], Gen.Int[-1, 10], Gen.Int[1, 9]).Sample((tokens, window, step) =>
        {
            var history = new TokenHistory(window);
            for (int length = 0; length <= tokens.Length; length += step)
            {
                history.Update(tokens.AsSpan(0, length));
                IEnumerable<int> last = window < 0 ? tokens.Take(length) : tokens.Take(length).TakeLast(window);
                Assert.Equal(last.CountBy(token => token).ToDictionary(), history.Counts);
            }

            history.Update(tokens.AsSpan(0, tokens.Length / 2));
            IEnumerable<int> rest = tokens.Take(tokens.Length / 2);
            Assert.Equal((window < 0 ? rest : rest.TakeLast(window)).CountBy(token => token).ToDictionary(), history.Counts);
        });
    }

    /// <summary>The token at the reference's cumulative probability; null where the random number falls too near a border to tell.</summary>
    private static int? ExpectedDraw(List<(int Id, double Probability)> expected, SamplingOptions options)
    {
        if (options.Temperature == 0) return expected[0].Id;
        double uniform = new RandomSource(options.Seed!.Value).NextDouble(), sum = 0;
        foreach ((int id, double probability) in expected)
        {
            sum += probability;
            if (Math.Abs(sum - uniform) < 1e-5) return null;
            if (sum > uniform) return id;
        }

        return null;
    }

    private static float[] Clean(float[] logits) => [.. logits.Select(logit => float.IsNaN(logit) ? float.NegativeInfinity : logit)];

    /// <summary>Logits shaped like a language model's: a few large ones over a wide floor.</summary>
    private static float[] Logits(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(-4 * Math.Log(random.NextDouble() + 1e-9) - 2))];
    }

    private static List<int> Run(SamplingOptions options, float[] logits, int count)
    {
        var sampler = new Sampler(options, logits.Length);
        var tokens = new List<int>();
        for (int i = 0; i < count; i++) tokens.Add(sampler.Sample(logits, tokens.ToArray()));
        return tokens;
    }
}
