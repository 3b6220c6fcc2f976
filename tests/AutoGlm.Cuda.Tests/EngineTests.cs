using AutoGlm.Engine;
using AutoGlm.Engine.Sampling;

namespace AutoGlm.Cuda.Tests;

/// <summary>An engine on the card: answers whose tokens the card chooses, and vectors of texts.</summary>
public class EngineTests
{
    private const string Model = "qwen3";

    /// <summary>One at a time, so that both compute the same batches.</summary>
    [Fact]
    public async Task Answers_are_the_same_wherever_their_tokens_are_chosen()
    {
        Gpu.Open().Dispose();
        await using InferenceEngine card = await LoadAsync("cuda"), host = await LoadAsync("cuda", CudaPasses.ChosenTokens);
        for (int i = 0; i < 12; i++) Assert.Equal(await AnswerAsync(host, Request(i)), await AnswerAsync(card, Request(i)));
    }

    [Fact]
    public async Task Answers_of_all_kinds_side_by_side_end_as_they_should()
    {
        Gpu.Open().Dispose();
        await using InferenceEngine card = await LoadAsync("cuda");

        int[][] answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => AnswerAsync(card, Request(i) with { IgnoreEnd = true })));

        for (int i = 0; i < answers.Length; i++) Assert.Equal(Request(i).MaxTokens, answers[i].Length);
        Assert.True(card.GetStatistics() is { Running: 0, Waiting: 0, Cache.BlocksInUse: 0 });
    }

    [Fact]
    public async Task Vectors_of_texts_are_those_of_the_processor_beside_answers()
    {
        Gpu.Open().Dispose();
        await using InferenceEngine card = await LoadAsync("cuda"), processor = await LoadAsync("cpu");
        int[][] inputs = [[5], [7, 8, 9], [.. Enumerable.Range(20, 30)]];

        Task<int[]> answer = AnswerAsync(card, Request(1) with { MaxTokens = 40, IgnoreEnd = true });
        IReadOnlyList<float[]> actual = await card.EmbedAsync(inputs), expected = await processor.EmbedAsync(inputs);

        for (int i = 0; i < inputs.Length; i++) Assert.InRange(Errors.Relative(actual[i], expected[i]), 0, 2e-2);
        Assert.Equal(40, (await answer).Length);
    }

    private static Task<InferenceEngine> LoadAsync(string device, params string[] without) =>
        InferenceEngine.LoadAsync(TestData.Shared("goldens", Model), new EngineOptions { Device = device, Context = 64, WithoutPasses = [.. without], KvType = Graph.Execution.KvType.F16 });

    private static GenerationRequest Request(int i) => new()
    {
        Prompt = [20 + i % 5, 30 + i, 7],
        MaxTokens = 4 + i * 5 % 37,
        Sampling = (i % 4) switch
        {
            0 => SamplingOptions.Greedy,
            1 => new SamplingOptions { Seed = (ulong)i, TopK = 20 },
            2 => new SamplingOptions { Seed = (ulong)i, Temperature = 1.5f, TopP = 0.9f, MinP = 0.01f },
            _ => new SamplingOptions { Seed = (ulong)i, RepetitionPenalty = i % 8 == 3 ? 1.2f : 1 },
        },
        LogProbabilities = i % 10 == 9 ? 2 : null,
    };

    private static async Task<int[]> AnswerAsync(InferenceEngine engine, GenerationRequest request)
    {
        List<int> tokens = [];
        await foreach (GenerationChunk chunk in engine.GenerateAsync(request))
        {
            if (chunk.Token is { } token) tokens.Add(token);
        }

        return [.. tokens];
    }
}
