using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Engine.Tests;

/// <summary>Embeddings: the mean of the last hidden states, however they are batched.</summary>
public class EmbeddingTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task An_embedding_is_the_same_alone_and_among_others_in_one_batch_and_in_many()
    {
        int[][] inputs = [.. Enumerable.Range(0, 40).Select(i => Enumerable.Range(0, 1 + i * 7 % 90).Select(j => 100 + (i * 31 + j * 17) % 5000).ToArray())];
        await using InferenceEngine chunked = await InferenceEngine.LoadAsync(EngineFixture.ModelPath, new EngineOptions { Context = 512, BatchTokens = 33, Threads = 1 });

        IReadOnlyList<float[]> together = await fixture.Engine.EmbedAsync(inputs);
        IReadOnlyList<float[]> inParts = await chunked.EmbedAsync(inputs);

        Assert.Equal(inputs.Length, together.Count);
        for (int i = 0; i < inputs.Length; i += 13)
        {
            float[] alone = Assert.Single(await fixture.Engine.EmbedAsync([inputs[i]]));
            Assert.True(Cosine(alone, together[i]) > 0.9999, $"input {i} differs among others");
            Assert.True(Cosine(alone, inParts[i]) > 0.9999, $"input {i} differs in parts");
            Assert.Equal(1, Cosine(alone, alone), 1e-5);
        }
    }

    [Fact]
    public async Task The_definition_computes_the_same_embedding()
    {
        int[] input = [.. fixture.Engine.Encode("The lighthouse")];
        await using InferenceEngine reference = await InferenceEngine.LoadAsync(EngineFixture.ModelPath, new EngineOptions { Context = 64, Reference = true });

        float[] fast = Assert.Single(await fixture.Engine.EmbedAsync([input]));
        float[] slow = Assert.Single(await reference.EmbedAsync([input]));

        Assert.True(Cosine(fast, slow) > 0.99, $"cosine {Cosine(fast, slow)}");
    }

    [Fact]
    public async Task Answers_are_the_same_while_embeddings_are_computed()
    {
        (string expected, _) = await EngineFixture.AnswerAsync(fixture.Engine, EngineFixture.Greedy(fixture.Engine, "Name the largest ocean.", 12));
        int[][] inputs = [.. Enumerable.Range(0, 20).Select(i => Enumerable.Range(1000 + i, 60).ToArray())];

        Task<IReadOnlyList<float[]>> embedding = fixture.Engine.EmbedAsync(inputs);
        (string text, _) = await EngineFixture.AnswerAsync(fixture.Engine, EngineFixture.Greedy(fixture.Engine, "Name the largest ocean.", 12));

        Assert.Equal(expected, text);
        Assert.Equal(20, (await embedding).Count);
    }

    [Fact]
    public async Task What_cannot_be_embedded_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => fixture.Engine.EmbedAsync([[1], []]));
        await Assert.ThrowsAsync<ArgumentException>(() => fixture.Engine.EmbedAsync([[-1]]));
        await Assert.ThrowsAsync<ContextLengthException>(() => fixture.Engine.EmbedAsync([new int[513]]));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.Engine.EmbedAsync([[1]], new CancellationToken(canceled: true)));
        Assert.Empty(await fixture.Engine.EmbedAsync([]));
    }

    [Fact]
    public void A_graph_without_its_head_ends_in_the_wanted_rows_of_the_hidden_states()
    {
        ComputationGraph hidden = fixture.Engine.Model.Graph.WithoutHead();

        Assert.IsType<SelectRows>(hidden[hidden.Output]);
        Assert.Equal(RowSpace.Logits, hidden[hidden.Output].Rows);
        Assert.Equal(fixture.Engine.EmbeddingWidth, hidden[hidden.Output].Width);
        Assert.DoesNotContain(hidden.Weights, weight => weight.Name == "output.weight");
    }

    private static double Cosine(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
}
