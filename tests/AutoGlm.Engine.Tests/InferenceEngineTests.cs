using AutoGlm.Engine.Sampling;
using static AutoGlm.Engine.Tests.EngineFixture;

namespace AutoGlm.Engine.Tests;

public class InferenceEngineTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    private static readonly string[] Prompts =
    [
        "What is the capital of France?", "Name three colours.", "Write a line about the sea.", "How do birds fly?", "Count to five.",
        "Who are you?", "What is a lighthouse for?", "Tell me about rain.",
    ];

    /// <summary>Eight tokens of the tiny model: 3 layers of 2 heads of 16, keys and values in half precision.</summary>
    private const long TinyBlockBytes = 3 * 2 * 2 * 16 * 2 * 8;

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

    [Fact]
    public async Task Answers_computed_together_equal_answers_computed_alone()
    {
        string[] alone = new string[Prompts.Length];
        for (int i = 0; i < alone.Length; i++) alone[i] = (await AnswerAsync(Engine, Greedy(Engine, Prompts[i]))).Text;

        (string Text, GenerationChunk)[] together = await Task.WhenAll(Prompts.Select(prompt => Task.Run(() => AnswerAsync(Engine, Greedy(Engine, prompt)))));

        Assert.Equal(alone, together.Select(answer => answer.Text));
    }

    [Fact]
    public async Task Running_out_of_blocks_makes_answers_wait_and_changes_none()
    {
        // By definition, so that no sum depends on how a sequence was cut: 128 tokens a context, memory for two, eight answers of 60 tokens.
        EngineOptions options = new() { Context = 128, BlockTokens = 8, BatchTokens = 16, KvMemory = 32 * TinyBlockBytes, Reference = true };
        await using InferenceEngine small = await InferenceEngine.LoadAsync(TestData.InRepository("tests", "AutoGlm.Cli.Tests", "Fixtures", "granite.gguf"), options);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 8).Select(i => new GenerationRequest { Prompt = [.. Enumerable.Range(20 + i, 12)], MaxTokens = 60, Sampling = SamplingOptions.Greedy, IgnoreEnd = true })];
        string[] alone = new string[requests.Length];
        for (int i = 0; i < alone.Length; i++) alone[i] = (await AnswerAsync(small, requests[i])).Text;

        (string Text, GenerationChunk)[] together = await Task.WhenAll(requests.Select(request => Task.Run(() => AnswerAsync(small, request))));

        Assert.Equal(alone, together.Select(answer => answer.Text));
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

        Assert.InRange(second.Statistics!.ReusedTokens, first.Statistics!.PromptTokens / 16 * 16, second.Statistics.PromptTokens - 1);
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
        Assert.InRange(pieces, 3, 100);
    }

    [Fact]
    public async Task Disposing_ends_running_answers_with_the_reason()
    {
        InferenceEngine engine = await InferenceEngine.LoadAsync(ModelPath, new EngineOptions { Context = 512 });
        GenerationRequest request = Greedy(engine, "Tell me a long story.", 400) with { IgnoreEnd = true };
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            await foreach (GenerationChunk chunk in engine.GenerateAsync(request)) _ = engine.DisposeAsync().AsTask();
        });

        Assert.Throws<ObjectDisposedException>(() => engine.GenerateAsync(request));
    }
}
