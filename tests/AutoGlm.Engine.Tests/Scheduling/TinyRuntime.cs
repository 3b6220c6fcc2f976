using AutoGlm.Engine.Sampling;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Tests.Scheduling;

/// <summary>A tiny random model that computes by definition, so that no sum depends on how a sequence was cut.</summary>
internal static class TinyRuntime
{
    public const int BlockTokens = 8, Context = 96;

    /// <summary>Eight tokens: 3 layers of 2 heads of 16, keys and values in half precision.</summary>
    public const long BlockBytes = 3 * 2 * 2 * 16 * 2 * BlockTokens;

    private static readonly Dictionary<string, int[]> Alone = [];

    public static string ModelPath { get; } = TestData.InRepository("tests", "AutoGlm.Cli.Tests", "Fixtures", "granite.gguf");

    /// <summary>Memory for so many contexts of 96 tokens.</summary>
    public static EngineOptions Options(int contexts = 2, KvType type = KvType.F16) => new()
    {
        KvType = type,
        Context = Context,
        BlockTokens = BlockTokens,
        BatchTokens = 16,
        MixedPromptTokens = 8,
        PrefixWaitTokens = BlockTokens,
        KvMemory = contexts * Context / BlockTokens * BytesOf(type),
        Reference = true,
        WarmUpPatience = TimeSpan.FromHours(1),
    };

    /// <summary>The model for a type of keys and values: quantised ones come in groups of 32.</summary>
    public static string ModelFor(KvType type) => type == KvType.Q8_0 ? TestData.Shared("goldens", "llama") : ModelPath;

    private static long BytesOf(KvType type) => type switch
    {
        KvType.F32 => 2 * BlockBytes,
        KvType.Q8_0 => 3 * 2 * 2 * 34 * BlockTokens,
        _ => BlockBytes,
    };

    /// <summary>A greedy request that ends by its number of tokens.</summary>
    public static GenerationRequest Greedy(IReadOnlyList<int> prompt, int tokens) =>
        new() { Prompt = prompt, MaxTokens = tokens, Sampling = SamplingOptions.Greedy, IgnoreEnd = true };

    /// <summary>The answer to a greedy request, with the cache used for nothing else; computed one token at a time.</summary>
    public static int[] AnswerAlone(ModelRuntime runtime, GenerationRequest request)
    {
        string key = $"{runtime.Package.Name} {runtime.Options.KvType} {runtime.Options.Reference}: {string.Join(',', request.Prompt)}";
        lock (Alone)
        {
            if (Alone.TryGetValue(key, out int[]? known) && known.Length >= request.MaxTokens) return known[..request.MaxTokens!.Value];
        }

        int[] answer = Compute(runtime, request);
        lock (Alone) Alone[key] = answer;
        return answer;
    }

    private static int[] Compute(ModelRuntime runtime, GenerationRequest request)
    {
        runtime.Pool.Clear();
        using KvSequence kv = runtime.CreateSequence();
        List<int> tokens = [.. request.Prompt];
        float[] logits = new float[runtime.Vocabulary];
        ForwardBatch batch = new();
        while (tokens.Count < request.Prompt.Count + request.MaxTokens!.Value)
        {
            int[] next = [tokens[kv.Length]];
            Assert.True(kv.TryReserve(1));
            batch.Clear();
            batch.Add(next, kv.Length, kv.BlockTable, runtime.Pool.BlockTokens, LogitRows.Last);
            runtime.Run(batch, logits);
            kv.Commit(next);
            if (kv.Length == tokens.Count) tokens.Add(Array.IndexOf(logits, logits[..runtime.Package.Tokenizer.VocabularySize].Max()));
        }

        return [.. tokens.Skip(request.Prompt.Count)];
    }
}
