using AutoGlm.Engine.Sampling;

namespace AutoGlm.Engine.Tests;

/// <summary>The embedded model, loaded once for all tests that only ask it things.</summary>
public sealed class EngineFixture : IAsyncLifetime
{
    public static string ModelPath { get; } = TestData.InRepository("models", "autoglm-mini.gguf");

    public InferenceEngine Engine { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Engine = await InferenceEngine.LoadAsync(ModelPath, new EngineOptions { Context = 512 });

    public async ValueTask DisposeAsync() => await Engine.DisposeAsync();

    /// <summary>For answers that outlast every wait: a test leaves, stops or cancels them.</summary>
    public static EngineOptions LongContext { get; } = new() { Context = 1 << 15, MaxSequences = 1 };

    /// <summary>A greedy request whose answer takes longer than a test may be held up, in a context that has room for it.</summary>
    public static GenerationRequest Endless(InferenceEngine engine, string user) => Greedy(engine, user, engine.Context - 1024) with { IgnoreEnd = true };

    /// <summary>A greedy request.</summary>
    public static GenerationRequest Greedy(InferenceEngine engine, string user, int maxTokens = 24) => new()
    {
        Prompt = engine.EncodeChat([new("user", user)]),
        MaxTokens = maxTokens,
        Sampling = SamplingOptions.Greedy,
    };

    /// <summary>All text of an answer, and its last piece.</summary>
    public static async Task<(string Text, GenerationChunk Last)> AnswerAsync(InferenceEngine engine, GenerationRequest request)
    {
        string text = "";
        GenerationChunk? last = null;
        await foreach (GenerationChunk chunk in engine.GenerateAsync(request, TestContext.Current.CancellationToken))
        {
            text += chunk.Text;
            last = chunk;
        }

        return (text, last!);
    }
}
