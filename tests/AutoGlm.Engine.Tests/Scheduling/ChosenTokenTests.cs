using AutoGlm.Cpu.Reference;
using AutoGlm.Engine.Sampling;
using AutoGlm.Engine.Scheduling;

namespace AutoGlm.Engine.Tests.Scheduling;

/// <summary>Steps whose tokens the device chooses, one of them under way before the other's tokens are known.</summary>
public class ChosenTokenTests
{
    [Fact]
    public void Answers_are_those_of_a_host_that_chooses()
    {
        ChoosingBackend backend = new(new ReferenceBackend());
        using ModelRuntime chosen = Load(backend), host = Load(new ReferenceBackend());

        List<int[]> expected = Answers(host), actual = Answers(chosen);

        Assert.Equal(expected, actual);
        Assert.True(backend.Ahead > 20, $"{backend.Ahead} steps were begun ahead");
    }

    [Fact]
    public void Steps_run_ahead_where_nobody_waits_and_no_logits_are_asked_for()
    {
        ChoosingBackend backend = new(new ReferenceBackend());
        using ModelRuntime runtime = Load(backend);
        ScheduleRun run = new(runtime);
        run.Submit(TinyRuntime.Greedy([20, 21], 6));
        run.ToEnd();
        // Of six tokens the first follows from the prompt, and no step is begun beyond the last.
        Assert.Equal(4, backend.Ahead);

        run.Submit(TinyRuntime.Greedy([20, 21], 6) with { LogProbabilities = 1 });
        run.ToEnd();
        Assert.Equal(4, backend.Ahead);
        run.AssertNothingLeft();
    }

    /// <summary>Whoever leaves while a step with a row of theirs is under way leaves nothing behind.</summary>
    [Fact]
    public void Callers_may_leave_while_steps_are_under_way()
    {
        ChoosingBackend backend = new(new ReferenceBackend());
        using ModelRuntime runtime = Load(backend);
        ScheduleRun run = new(runtime);
        GenerationRequest request = TinyRuntime.Greedy([20, 21, 22], 30);
        AnswerStream stays = run.Submit(request), leaves = run.Submit(TinyRuntime.Greedy([40, 41], 30));
        for (int i = 0; i < 8; i++) run.Step();
        leaves.Cancel();
        run.ToEnd();

        Assert.Equal(30, run.TokensOf(stays).Length);
        Assert.InRange(run.TokensOf(leaves).Length, 5, 8);
        run.AssertNothingLeft();
        using ModelRuntime alone = Load(new ReferenceBackend());
        Assert.Equal(TinyRuntime.AnswerAlone(alone, request), run.TokensOf(stays));
    }

    /// <summary>An answer that has no token to choose ends alone, though its next row is under way.</summary>
    [Fact]
    public void An_answer_with_nothing_to_choose_fails_alone()
    {
        ChoosingBackend backend = new(new ReferenceBackend());
        using ModelRuntime runtime = Load(backend), alone = Load(new ReferenceBackend());
        GenerationRequest sound = TinyRuntime.Greedy([20, 21, 22], 30);
        GenerationRequest unsound = TinyRuntime.Greedy([40, 41], 30) with { Sampling = new SamplingOptions { Seed = 3, Temperature = 1.5f } };
        ScheduleRun run = new(alone);
        AnswerStream whole = run.Submit(unsound);
        run.ToEnd();
        int[] expected = TinyRuntime.AnswerAlone(alone, sound), prefix = run.TokensOf(whole);
        backend.DeadEnd = prefix.Skip(4).First(token => !expected.Contains(token) && !sound.Prompt.Contains(token) && !unsound.Prompt.Contains(token));
        run = new ScheduleRun(runtime);
        AnswerStream stays = run.Submit(sound), fails = run.Submit(unsound);

        run.ToEnd();

        Assert.Equal(expected, run.TokensOf(stays));
        Assert.Equal(prefix[..(Array.IndexOf(prefix, backend.DeadEnd.Value) + 1)], run.TokensOf(fails));
        Assert.IsType<InvalidOperationException>(fails.Chunks.Completion.Exception?.InnerException);
        Assert.Equal(runtime.Pool.BlockCount, runtime.Pool.AvailableCount);
        Assert.True(backend.Ahead > 20, $"{backend.Ahead} steps were begun ahead");
    }

    private static ModelRuntime Load(Graph.Execution.IBackend backend) =>
        ModelRuntime.Load(TinyRuntime.ModelPath, TinyRuntime.Options(4), (_, _) => backend);

    /// <summary>Answers of all kinds side by side: drawn and greedy, by logits and not, that end by themselves, by a text, or by number.</summary>
    private static List<int[]> Answers(ModelRuntime runtime)
    {
        ScheduleRun run = new(runtime);
        List<AnswerStream> streams = [];
        for (int i = 0; i < 24; i++)
        {
            SamplingOptions sampling = (i % 4) switch
            {
                0 => SamplingOptions.Greedy,
                1 => new SamplingOptions { Seed = (ulong)i, TopK = 20 },
                2 => new SamplingOptions { Seed = (ulong)i, Temperature = 1.5f, TopP = 0.9f, MinP = 0.01f },
                _ => new SamplingOptions { Seed = (ulong)i, RepetitionPenalty = i % 8 == 3 ? 1.2f : 1 },
            };
            streams.Add(run.Submit(new GenerationRequest
            {
                Prompt = [20 + i % 5, 30 + i, 7],
                MaxTokens = 4 + i * 5 % 23,
                Sampling = sampling,
                IgnoreEnd = i % 3 == 0,
                LogProbabilities = i == 10 ? 2 : null,
                StopTexts = i % 6 == 1 ? ["e"] : [],
            }));
            for (int steps = 0; steps < i % 7; steps++) run.Step();
        }

        run.ToEnd();
        run.AssertNothingLeft();
        return [.. streams.Select(run.TokensOf)];
    }
}
