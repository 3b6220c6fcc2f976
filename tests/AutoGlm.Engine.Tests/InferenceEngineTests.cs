using AutoGlm.Engine.Sampling;
using AutoGlm.Engine.Tests.Scheduling;
using static AutoGlm.Engine.Tests.EngineFixture;

namespace AutoGlm.Engine.Tests;

public class InferenceEngineTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    private InferenceEngine Engine => fixture.Engine;

    [Fact]
    public async Task A_known_fact_comes_out()
    {
        (string text, GenerationChunk last) = await AnswerAsync(Engine, Greedy(Engine, "What is the capital of France?"));

        Assert.Contains("Paris", text);
        Assert.Equal(FinishReason.Stop, last.FinishReason);
        Assert.Equal(last.Statistics!.PromptTokens, Engine.EncodeChat([new("user", "What is the capital of France?")]).Count);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_text_and_another_seed_another()
    {
        GenerationRequest With(ulong seed) => Greedy(Engine, "Tell me a story.", 40) with { Sampling = Engine.DefaultSampling with { Temperature = 1.5f, Seed = seed } };

        string first = (await AnswerAsync(Engine, With(7))).Text;
        Assert.Equal(first, (await AnswerAsync(Engine, With(7))).Text);
        Assert.NotEqual(first, (await AnswerAsync(Engine, With(8))).Text);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(2)]
    public async Task Answers_computed_together_equal_answers_computed_alone(int contexts)
    {
        // By definition, so that no sum depends on how a sequence was cut. Memory for two contexts makes eight answers of 60 tokens wait.
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, TinyRuntime.Options(contexts));
        GenerationRequest[] requests = [.. Enumerable.Range(0, 8).Select(i => TinyRuntime.Greedy([.. Enumerable.Range(20 + i, 12)], 60))];
        string[] alone = new string[requests.Length];
        for (int i = 0; i < alone.Length; i++) alone[i] = (await AnswerAsync(engine, requests[i])).Text;

        (string Text, GenerationChunk)[] together = await Task.WhenAll(requests.Select(request => Task.Run(() => AnswerAsync(engine, request))));

        Assert.Equal(alone, together.Select(answer => answer.Text));
        Assert.Equal(0, engine.GetStatistics().Cache.BlocksInUse);
    }

    [Fact]
    public async Task A_conversation_that_goes_on_reuses_what_was_computed()
    {
        List<Formats.Chat.ChatTurn> turns = [new("user", "I am going to tell you about a long journey across the northern sea, and then ask you one thing about it.")];
        GenerationRequest Request() => new() { Prompt = Engine.EncodeChat(turns), MaxTokens = 24, Sampling = SamplingOptions.Greedy };
        (string answer, GenerationChunk first) = await AnswerAsync(Engine, Request());
        turns.Add(new("assistant", answer));
        turns.Add(new("user", "Where was it?"));

        GenerationChunk second = (await AnswerAsync(Engine, Request())).Last;

        // All that was computed, but for the answer's last token, which was not: the tail block too.
        Assert.InRange(second.Statistics!.ReusedTokens, first.Statistics!.PromptTokens + first.Statistics.GeneratedTokens - 2, second.Statistics.PromptTokens - 1);
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_and_is_not_part_of_it()
    {
        GenerationRequest request = Greedy(Engine, "What is the capital of France?") with { StopTexts = ["f France is Par"] };

        (string text, GenerationChunk last) = await AnswerAsync(Engine, request);

        Assert.Equal("The capital o", text);
        Assert.Equal(FinishReason.Stop, last.FinishReason);
    }

    [Fact]
    public async Task Reading_an_answer_again_asks_again()
    {
        IAsyncEnumerable<GenerationChunk> answer = Engine.GenerateAsync(Greedy(Engine, "Name three colours."), TestContext.Current.CancellationToken);
        async Task<string> ReadAsync()
        {
            string text = "";
            await foreach (GenerationChunk chunk in answer) text += chunk.Text;
            return text;
        }

        string first = await ReadAsync();
        string[] both = await Task.WhenAll(ReadAsync(), ReadAsync());

        Assert.NotEqual("", first);
        Assert.Equal([first, first], both);
    }

    [Fact]
    public async Task Most_tokens_end_the_answer()
    {
        GenerationChunk last = (await AnswerAsync(Engine, Greedy(Engine, "Tell me a long story.", 5))).Last;

        Assert.Equal(FinishReason.Length, last.FinishReason);
        Assert.Equal(5, last.Statistics!.GeneratedTokens);
    }

    [Fact]
    public async Task Log_probabilities_are_the_models_own()
    {
        await foreach (GenerationChunk chunk in Engine.GenerateAsync(Greedy(Engine, "Name a fruit.", 8) with { LogProbabilities = 5 }, TestContext.Current.CancellationToken))
        {
            TokenLogProbabilities found = Assert.IsType<TokenLogProbabilities>(chunk.LogProbabilities);
            Assert.Equal(chunk.Token, found.Chosen.Token);
            Assert.Equal(5, found.Alternatives.Count);
            Assert.Equal(found.Chosen, found.Alternatives[0]);
            Assert.Equal(found.Alternatives.OrderByDescending(other => other.LogProbability), found.Alternatives);
            Assert.InRange(found.Alternatives.Sum(other => Math.Exp(other.LogProbability)), 0, 1 + 1e-6);
        }
    }

    [Fact]
    public void What_cannot_fit_the_context_is_refused_at_the_call()
    {
        GenerationRequest request = Greedy(Engine, "Hello", 512);

        ContextLengthException error = Assert.Throws<ContextLengthException>(() => Engine.GenerateAsync(request));

        Assert.Equal(512, error.Context);
        Assert.Contains($"{error.PromptTokens + 512}", error.Message);
        Assert.Throws<ContextLengthException>(() => Engine.GenerateAsync(new GenerationRequest { Prompt = [.. Enumerable.Repeat(1, 512)] }));
    }

    [Theory]
    [InlineData(0, 1f, 0)]
    [InlineData(5, -1f, 0)]
    [InlineData(5, float.NaN, 0)]
    [InlineData(5, 1f, -1)]
    public void Fields_out_of_range_are_refused_at_the_call(int maxTokens, float temperature, int token)
    {
        GenerationRequest request = new() { Prompt = [token], MaxTokens = maxTokens, Sampling = new SamplingOptions { Temperature = temperature } };

        Assert.ThrowsAny<ArgumentException>(() => Engine.GenerateAsync(request));
        Assert.Throws<ArgumentException>(() => Engine.GenerateAsync(request with { Prompt = [] }));
    }

    [Fact]
    public async Task Cancelling_ends_one_answer_and_no_other()
    {
        using CancellationTokenSource cancel = new();
        Task<(string Text, GenerationChunk)> other = Task.Run(() => AnswerAsync(Engine, Greedy(Engine, "Count to five.")));
        int pieces = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GenerationChunk chunk in Engine.GenerateAsync(Greedy(Engine, "Tell me a long story.", 400) with { IgnoreEnd = true }, cancel.Token))
            {
                if (++pieces == 3) await cancel.CancelAsync();
            }
        });

        Assert.NotEqual("", (await other).Text);
        Assert.Equal(3, pieces);
    }

    [Fact]
    public async Task Disposing_ends_running_answers_with_the_reason()
    {
        InferenceEngine engine = await InferenceEngine.LoadAsync(ModelPath, LongContext);
        GenerationRequest request = Endless(engine, "Tell me a long story.");
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            await foreach (GenerationChunk chunk in engine.GenerateAsync(request)) _ = engine.DisposeAsync().AsTask();
        });

        Assert.Throws<ObjectDisposedException>(() => engine.GenerateAsync(request));
    }

    [Fact]
    public async Task A_full_queue_refuses_with_a_time_to_come_again()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(ModelPath, LongContext with { MaxWaiting = 2 });
        using CancellationTokenSource enough = new();
        string[] stories = ["of the sea", "of the hills"];
        await using IAsyncEnumerator<GenerationChunk> running = engine.GenerateAsync(Endless(engine, "Tell me a long story.")).GetAsyncEnumerator();
        Assert.True(await running.MoveNextAsync());
        Task<bool>[] asked = [.. stories.Select(story => engine.GenerateAsync(Greedy(engine, story), enough.Token).GetAsyncEnumerator().MoveNextAsync().AsTask())];

        EngineBusyException busy = Assert.Throws<EngineBusyException>(() => engine.GenerateAsync(Greedy(engine, "Hello")));

        Assert.InRange(busy.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Assert.Equal((0, 1), (engine.GetStatistics().Finished, engine.GetStatistics().Refused));
        await enough.CancelAsync();
        foreach (Task<bool> one in asked) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
    }

    [Fact]
    public async Task Stopping_finishes_what_runs_and_takes_nothing_new()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, TinyRuntime.Options());
        await using IAsyncEnumerator<GenerationChunk> running = engine.GenerateAsync(TinyRuntime.Greedy([20, 21], 60)).GetAsyncEnumerator();
        Assert.True(await running.MoveNextAsync());

        Task stopped = engine.StopAsync(TimeSpan.FromMinutes(5));

        Assert.Throws<EngineStoppingException>(() => engine.GenerateAsync(TinyRuntime.Greedy([20], 1)));
        await stopped;
        FinishReason? reason = null;
        while (await running.MoveNextAsync()) reason = running.Current.FinishReason;
        Assert.Equal(FinishReason.Length, reason);
    }

    [Fact]
    public async Task Whoever_outlives_the_grace_period_is_told()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(ModelPath, LongContext);
        GenerationRequest request = Endless(engine, "Tell me a long story.");
        await using IAsyncEnumerator<GenerationChunk> running = engine.GenerateAsync(request).GetAsyncEnumerator();
        Assert.True(await running.MoveNextAsync());

        await engine.StopAsync(TimeSpan.FromMilliseconds(1));

        GenerationChunk last = running.Current;
        while (await running.MoveNextAsync()) last = running.Current;
        Assert.Equal(FinishReason.Cancelled, last.FinishReason);
        Assert.InRange(last.Statistics!.GeneratedTokens, 1, request.MaxTokens!.Value - 1);
    }

    /// <summary>
    /// The flow chart of chapter 1: is it a dialogue that goes on? Then what is cached is used, whichever slot and connection it comes
    /// back on; else it starts clean. After every answer the new blocks are stored.
    /// </summary>
    [Fact]
    public async Task A_dialogue_walks_the_flow_chart()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TinyRuntime.ModelPath, TinyRuntime.Options(4) with { MaxSequences = 2 });
        List<int> dialogue = [.. Enumerable.Range(20, 20)];
        List<int> other = [.. Enumerable.Range(60, 20)];
        int computed = 0;
        for (int turn = 0; turn < 3; turn++)
        {
            // Two dialogues at once, ever in another order: whichever slot they get.
            List<int>[] both = turn % 2 == 0 ? [dialogue, other] : [other, dialogue];
            GenerationStatistics[] statistics = await Task.WhenAll(both.Select(async tokens =>
            {
                List<int> answer = [];
                GenerationChunk? last = null;
                await foreach (GenerationChunk chunk in engine.GenerateAsync(TinyRuntime.Greedy([.. tokens], 6)))
                {
                    answer.Add(chunk.Token!.Value);
                    last = chunk;
                }

                tokens.AddRange(answer);
                tokens.Add(5);
                return last!.Statistics!;
            }));
            // A new one starts clean; one that goes on computes its answer's last token and what is new.
            Assert.All(statistics, one => Assert.Equal(turn == 0 ? 0 : one.PromptTokens - 2, one.ReusedTokens));
            computed += statistics.Sum(one => one.PromptTokens - one.ReusedTokens + one.GeneratedTokens - 1);
            // Stored: all full blocks of what was computed are there for whoever comes next.
            foreach (List<int> tokens in both) Assert.Equal((tokens.Count - 2) / TinyRuntime.BlockTokens * TinyRuntime.BlockTokens, await engine.CountCachedAsync(tokens[..^2]));
        }

        Assert.Equal(computed, engine.GetStatistics().ComputedTokens);
        Assert.Equal(0, await engine.CountCachedAsync(dialogue, "another tenant"));
        Assert.True(await engine.DropCachedAsync(dialogue[..4]) > 0);
        Assert.Equal(0, await engine.CountCachedAsync(dialogue));
        Assert.NotEqual(0, await engine.CountCachedAsync(other));
    }
}
