using AutoGlm.Cpu;
using AutoGlm.Cpu.Reference;
using AutoGlm.Engine.Sampling;
using AutoGlm.Engine.Scheduling;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;
using AutoGlm.KvCache.Eviction;
using CsCheck;

namespace AutoGlm.Engine.Tests.Scheduling;

/// <summary>The scheduler, step by step, without threads.</summary>
public sealed class ScheduleTests : IDisposable
{
    /// <summary>Eight tokens of the embedded model: 16 layers of 3 heads of 64, in half precision.</summary>
    private const long MiniBytes = 16 * 2 * 3 * 64 * 2 * TinyRuntime.BlockTokens;

    private readonly ModelRuntime _reference = ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options());

    public void Dispose() => _reference.Dispose();

    /// <summary>Chunked prompts, mixed batches, preemption, hits, copies, answers shared, cancelling: no answer may show it.</summary>
    [Fact]
    public void Under_any_schedule_each_answer_is_the_one_computed_alone()
    {
        List<EngineStatistics> Some() => PlaySchedules(TinyRuntime.ModelPath, _reference, count: 12, () => new ReferenceBackend());
        List<EngineStatistics> runs = Some();
        long[] Happened() => [.. new Func<EngineStatistics, long>[] { run => run.Preemptions, run => run.SharedAnswers, run => run.PrefixWaits, run => run.Cache.PartialBlocks, run => run.Cache.Evictions.Values.Sum() }.Select(runs.Sum)];
        for (int more = 0; more < 8 && Happened().Contains(0); more++) runs.AddRange(Some());

        // What is said to be tested has happened.
        Assert.True(!Happened().Contains(0), string.Join(' ', Happened()));
    }

    /// <summary>The same where a step is begun before the tokens of the one before are known.</summary>
    [Fact]
    public void Whoever_chooses_the_tokens()
    {
        List<ChoosingBackend> backends = [];
        PlaySchedules(TinyRuntime.ModelPath, _reference, count: 12, () =>
        {
            backends.Add(new ChoosingBackend(new ReferenceBackend()));
            return backends[^1];
        });
        int ahead = backends.Sum(backend => backend.Ahead);

        Assert.True(ahead > 100, $"{ahead} steps were begun ahead");
    }

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.Q8_0)]
    public void However_keys_and_values_are_stored(KvType type)
    {
        using ModelRuntime reference = ModelRuntime.Load(TinyRuntime.ModelFor(type), TinyRuntime.Options(type: type));

        List<EngineStatistics> runs = PlaySchedules(TinyRuntime.ModelFor(type), reference, count: 3, () => new ReferenceBackend());

        Assert.True(runs.Sum(run => run.ReusedTokens) > 0 && runs.Sum(run => run.Finished) > 0);
    }

    /// <summary>Vectors, quantised activations, and threads that come and go: a row's numbers are the same to the last bit in every batch.</summary>
    [Theory]
    [InlineData("granite", 12, 1)]
    [InlineData("granite", 6, 3)]
    [InlineData("mini", 2, 1)]
    [InlineData("mini", 2, 3)]
    public void On_the_fast_path(string name, int count, int threads)
    {
        EngineOptions options = TinyRuntime.Options() with { Reference = false, Threads = 1 };
        (string model, long bytes) = name == "mini" ? (EngineFixture.ModelPath, MiniBytes) : (TinyRuntime.ModelPath, TinyRuntime.BlockBytes);
        using ModelRuntime reference = ModelRuntime.Load(model, options with { KvMemory = options.KvMemory / TinyRuntime.BlockBytes * bytes });

        List<EngineStatistics> runs = PlaySchedules(model, reference, count, () => new CpuBackend(new CpuOptions { Threads = threads }));

        Assert.True(runs.Sum(run => run.ReusedTokens) > 0 && runs.Sum(run => run.Finished) > 0);
    }

    private static List<EngineStatistics> PlaySchedules(string model, ModelRuntime reference, int count, Func<IBackend> create)
    {
        List<EngineStatistics> runs = [];
        Gen.Int[0, 1 << 20].Sample(
            seed =>
            {
                Random random = new(seed);
                EngineOptions options = reference.Options with
                {
                    CachePolicy = EvictionPolicies.Names[random.Next(4)],
                    MaxSequences = random.Next(1, 9),
                    BatchTokens = random.Next(4, 24),
                    CacheBlankShare = random.Next(2) / 8.0,
                };
                using ModelRuntime runtime = ModelRuntime.Load(model, options, (_, _) => create());
                ScheduleRun run = new(runtime);
                Play(run, random, requests: 14);
                foreach ((GenerationRequest request, int[] answer) in run.Finished()) Assert.Equal(TinyRuntime.AnswerAlone(reference, request), answer);
                run.AssertNothingLeft();
                runs.Add(run.Statistics);
            },
            iter: count,
            threads: 1);
        return runs;
    }

    [Fact]
    public void Requests_that_begin_alike_compute_their_beginning_once()
    {
        using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options(8));
        ScheduleRun run = new(runtime);
        int[] shared = [.. Enumerable.Range(20, 40)];
        for (int i = 0; i < 4; i++) run.Submit(TinyRuntime.Greedy([.. shared, 100 + i, 7], 3));
        run.ToEnd();

        // The beginning once, four endings of two, and two more tokens of each answer.
        Assert.Equal(40 + 4 * 2 + 4 * 2, run.Statistics.ComputedTokens);
        Assert.Equal(3, run.Statistics.PrefixWaits);
        run.AssertNothingLeft();
    }

    [Fact]
    public void The_same_question_at_once_is_computed_once_and_each_asker_may_leave()
    {
        using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options());
        ScheduleRun run = new(runtime);
        GenerationRequest request = TinyRuntime.Greedy([.. Enumerable.Range(20, 10)], 12);
        AnswerStream first = run.Submit(request);
        for (int i = 0; i < 5; i++) run.Step();
        AnswerStream second = run.Submit(request with { Prompt = [.. request.Prompt], Sampling = SamplingOptions.Greedy with { Seed = 9 }, Priority = 3 });
        AnswerStream other = run.Submit(request with { Tenant = "someone else" });
        first.Cancel();
        run.ToEnd();

        Assert.Equal(TinyRuntime.AnswerAlone(_reference, request), run.TokensOf(second));
        Assert.Equal(run.TokensOf(second), run.TokensOf(other));
        Assert.Equal((1, 2, 1), (run.Statistics.SharedAnswers, run.Statistics.Finished, run.Statistics.Cancelled));
        // Twelve tokens each, of two tenants.
        Assert.Equal(2 * (10 + 11), run.Statistics.ComputedTokens);
        run.AssertNothingLeft();
    }

    [Fact]
    public void Chance_without_a_seed_is_never_shared()
    {
        GenerationRequest request = new() { Prompt = [1, 2, 3] };
        RequestIdentity? Of(SamplingOptions sampling) => RequestIdentity.Of(request, sampling);

        Assert.Null(Of(new SamplingOptions()));
        Assert.Equal(Of(new SamplingOptions { Seed = 1 }), Of(new SamplingOptions { Seed = 1 }));
        Assert.NotEqual(Of(new SamplingOptions { Seed = 1 }), Of(new SamplingOptions { Seed = 2 }));
        Assert.NotEqual(Of(SamplingOptions.Greedy), RequestIdentity.Of(request with { StopTexts = ["x"] }, SamplingOptions.Greedy));
        Assert.NotEqual(Of(SamplingOptions.Greedy), RequestIdentity.Of(request with { LogProbabilities = 1 }, SamplingOptions.Greedy));
        SamplingOptions Biased(float bias) => SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [5] = bias } };
        Assert.Equal(Of(Biased(1)), Of(Biased(1)));
        Assert.NotEqual(Of(Biased(1)), Of(Biased(2)));
        Assert.NotEqual(Of(Biased(1)), Of(SamplingOptions.Greedy));
    }

    [Fact]
    public void Cancelling_frees_blocks_at_the_next_step()
    {
        using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options());
        ScheduleRun run = new(runtime);
        AnswerStream stream = run.Submit(TinyRuntime.Greedy([.. Enumerable.Range(20, 30)], 50));
        for (int i = 0; i < 6; i++) run.Step();
        Assert.True(run.Statistics.Cache.BlocksInUse > 0);

        stream.Cancel();
        run.Step();

        Assert.Equal(0, run.Statistics.Cache.BlocksInUse);
        run.AssertNothingLeft();
    }

    [Fact]
    public void A_deadline_ends_an_answer_with_what_there_is()
    {
        ManualTime time = new();
        using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options() with { Time = time, MaxSequences = 1 });
        ScheduleRun run = new(runtime);
        DateTimeOffset deadline = time.GetUtcNow().AddSeconds(10);
        AnswerStream running = run.Submit(TinyRuntime.Greedy([1, 2, 3], 50) with { Deadline = deadline });
        AnswerStream waiting = run.Submit(TinyRuntime.Greedy([4, 5, 6], 50) with { Deadline = deadline });
        for (int i = 0; i < 5; i++) run.Step();
        time.Advance(TimeSpan.FromSeconds(10));
        run.Step();

        Assert.Equal((FinishReason.Deadline, 5), (run.Last(running).FinishReason, run.Last(running).Statistics!.GeneratedTokens));
        Assert.Equal((FinishReason.Deadline, 0), (run.Last(waiting).FinishReason, run.Last(waiting).Statistics!.GeneratedTokens));
        Assert.Equal(TimeSpan.FromSeconds(10), run.Last(waiting).Statistics!.QueueTime);
        Assert.Equal(2, run.Statistics.Overdue);
        run.AssertNothingLeft();
    }

    /// <summary>The clock is looked at for the last time to tell callers what their answer took: by then its blocks are free and it is counted.</summary>
    [Fact]
    public void Whoever_hears_of_an_end_finds_everything_in_its_place()
    {
        WatchedTime time = new();
        using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options() with { Time = time });
        ScheduleRun run = new(runtime);
        EngineStatistics seen = run.Statistics;
        time.Asked = () => seen = run.Statistics;

        run.Submit(TinyRuntime.Greedy([.. Enumerable.Range(20, 30)], 4));
        run.ToEnd();
        Assert.Equal((1, 4, 0, 0), (seen.Finished, seen.GeneratedTokens, seen.Running, seen.Cache.BlocksInUse));

        AnswerStream late = run.Submit(TinyRuntime.Greedy([1, 2, 3], 50) with { Deadline = time.GetUtcNow() });
        run.ToEnd();
        Assert.Equal(FinishReason.Deadline, run.Last(late).FinishReason);
        Assert.Equal((1, 0), (seen.Overdue, seen.Cache.BlocksInUse));
    }

    /// <summary>Whatever comes later, however urgent or well cached, passes a request only within the stated window.</summary>
    [Fact]
    public void Nothing_is_overtaken_for_longer_than_stated()
    {
        Gen.Int[0, 1 << 20].Sample(
            seed =>
            {
                Random random = new(seed);
                ManualTime time = new();
                EngineOptions options = TinyRuntime.Options() with { Time = time, MaxSequences = 1, PriorityStep = TimeSpan.FromSeconds(1), PrefixWindow = TimeSpan.FromSeconds(2) };
                using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, options);
                ScheduleRun run = new(runtime);
                List<AnswerStream> streams = [];
                for (int i = 0; i < 60; i++)
                {
                    time.Advance(TimeSpan.FromSeconds(random.NextDouble()));
                    // More comes than can be done; some of it cached by then, none the same.
                    int[] prompt = [.. Enumerable.Repeat(20 + random.Next(2), 16), 50 + i % 20, 50 + i / 20];
                    streams.Add(run.Submit(TinyRuntime.Greedy(prompt, random.Next(1, 4)) with { Priority = random.Next(-3, 4), Tenant = random.Next(4).ToString() }));
                    run.Step();
                }

                run.ToEnd();
                AnswerStream[] order = [.. streams.Where(stream => run.Last(stream).Statistics is not null).OrderBy(run.StartOf)];
                for (int early = 0; early < order.Length; early++)
                {
                    for (int late = early + 1; late < order.Length; late++)
                    {
                        // Whoever had begun when the other came did not pass it.
                        if (run.StartOf(order[early]) <= order[late].Submitted) continue;
                        double ahead = TimeSpan.FromTicks(order[early].Submitted - order[late].Submitted).TotalSeconds;
                        double worth = order[early].Request.Priority - order[late].Request.Priority + 2;
                        Assert.True(run.StartOf(order[early]) == run.StartOf(order[late]) || ahead <= worth + 1e-6, $"{ahead} s later passed for {worth} s");
                    }
                }
            },
            iter: 8,
            threads: 1);
    }

    [Fact]
    public void A_long_prompt_holds_answers_up_by_a_bounded_chunk_and_many_answers_leave_prompts_some_rows()
    {
        using ModelRuntime runtime = ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options(4) with { BatchTokens = 12, MixedPromptTokens = 8 });
        ScheduleRun run = new(runtime);
        AnswerStream[] answers = [.. Enumerable.Range(0, 12).Select(i => run.Submit(TinyRuntime.Greedy([i + 1], 20)))];
        run.Step();
        AnswerStream prompt = run.Submit(TinyRuntime.Greedy([.. Enumerable.Range(30, 60)], 1));
        int steps = 0;
        for (; run.Pieces(prompt) == 0; steps++)
        {
            int before = answers.Sum(run.Pieces);
            run.Step();
            int rows = answers.Sum(run.Pieces) - before;
            Assert.InRange(rows, Math.Min(9, answers.Count(answer => run.Pieces(answer) < 20)), 12);
            Assert.InRange(run.Statistics.BatchTokens - rows, 0, 8);
        }

        Assert.InRange(steps, 8, 20);
        run.ToEnd();
        Assert.All(answers, answer => Assert.Equal(20, run.Pieces(answer)));
    }

    /// <summary>The time, and whoever wants to know when it is asked for.</summary>
    private sealed class WatchedTime : TimeProvider
    {
        public Action Asked { get; set; } = () => { };

        public override long GetTimestamp()
        {
            Asked();
            return base.GetTimestamp();
        }
    }

    private static void Play(ScheduleRun run, Random random, int requests)
    {
        List<AnswerStream> streams = [];
        while (requests > 0 || run.IsBusy)
        {
            if (requests > 0 && random.Next(3) == 0)
            {
                requests--;
                streams.Add(run.Submit(Request(random, [.. streams.Select(stream => stream.Request)])));
            }

            if (streams.Count > 0 && random.Next(25) == 0) streams[random.Next(streams.Count)].Cancel();
            run.Step();
        }
    }

    /// <summary>A new prompt, a request as before, or a prompt that goes on, or forks off, from one asked before.</summary>
    private static GenerationRequest Request(Random random, GenerationRequest[] before)
    {
        int[] More(int most) => [.. Enumerable.Range(0, random.Next(1, most)).Select(_ => random.Next(20, 24))];
        if (before.Length > 0 && random.Next(5) == 0) return before[^1] with { Priority = random.Next(-2, 3) };
        IReadOnlyList<int> old = before.Length == 0 || random.Next(4) == 0 ? [] : before[random.Next(before.Length)].Prompt;
        int[] prompt = old.Count == 0 ? More(60) : random.Next(3) == 0 ? [.. old.Take(random.Next(old.Count)), .. More(12)] : [.. old.Take(70), .. More(12)];
        return TinyRuntime.Greedy(prompt, random.Next(1, TinyRuntime.Context - prompt.Length)) with
        {
            Priority = random.Next(-2, 3),
            Cache = new CacheRetention { Priority = random.Next(-1, 2) },
        };
    }
}
