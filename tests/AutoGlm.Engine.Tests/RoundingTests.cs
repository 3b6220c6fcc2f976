using System.Runtime.InteropServices;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Tests;

/// <summary>What a row's numbers depend on: its own sequence up to it, and nothing of how it was cut, or of what was computed beside it.</summary>
public class RoundingTests
{
    public static TheoryData<string, KvType> Models()
    {
        TheoryData<string, KvType> data = new() { { EngineFixture.ModelPath, KvType.F16 }, { EngineFixture.ModelPath, KvType.Q8_0 } };
        foreach (string name in GoldenTests.Names.Select(row => row.Data)) data.Add(TestData.Shared("goldens", name), KvType.F32);
        return data;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void However_sequences_are_cut_and_batched_each_bit_is_the_same(string model, KvType type)
    {
        Random random = new(5);
        int[][]? prompts = null;
        float[][]? expected = null;
        for (int run = 0; run < 5; run++)
        {
            EngineOptions options = new() { Context = 160, KvType = type, Threads = 1 + run % 4 };
            using ModelRuntime runtime = ModelRuntime.Load(model, options);
            prompts ??= [.. new[] { 150, 40, 17 }.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(10, 200)).ToArray())];
            // First each whole and alone; then all of them together, cut at random.
            float[][] logits = run == 0 ? [.. prompts.Select(prompt => Compute(runtime, [prompt], () => prompt.Length)[0])] : Compute(runtime, prompts, () => random.Next(run == 1 ? 2 : 40));
            expected ??= logits;
            for (int i = 0; i < prompts.Length; i++)
            {
                bool same = MemoryMarshal.AsBytes<float>(expected[i]).SequenceEqual(MemoryMarshal.AsBytes<float>(logits[i]));
                Assert.True(same, same ? null : $"run {run}, prompt {i}: logits differ by up to {expected[i].Zip(logits[i], (a, b) => Math.Abs(a - b)).Max()}");
            }
        }
    }

    /// <summary>Logits of every row, of sequences in one batch, each step taking so many tokens of each.</summary>
    private static float[][] Compute(ModelRuntime runtime, int[][] prompts, Func<int> next)
    {
        KvSequence[] caches = [.. prompts.Select(_ => runtime.CreateSequence())];
        float[][] logits = [.. prompts.Select(prompt => new float[prompt.Length * runtime.Vocabulary])];
        ForwardBatch batch = new();
        while (caches.Zip(prompts).Any(pair => pair.First.Length < pair.Second.Length))
        {
            batch.Clear();
            int[][] parts = new int[prompts.Length][];
            for (int i = 0; i < prompts.Length; i++)
            {
                parts[i] = [.. prompts[i].Skip(caches[i].Length).Take(next())];
                Assert.True(caches[i].TryReserve(parts[i].Length));
                if (parts[i].Length > 0) batch.Add(parts[i], caches[i].Length, caches[i].BlockTable, runtime.Pool.BlockTokens, LogitRows.All);
            }

            if (parts.All(part => part.Length == 0)) continue;
            float[] rows = new float[parts.Sum(part => part.Length) * runtime.Vocabulary];
            runtime.Run(batch, rows);
            int at = 0;
            for (int i = 0; i < prompts.Length; i++)
            {
                rows.AsSpan(at, parts[i].Length * runtime.Vocabulary).CopyTo(logits[i].AsSpan(caches[i].Length * runtime.Vocabulary));
                at += parts[i].Length * runtime.Vocabulary;
                if (parts[i].Length > 0) caches[i].Commit(parts[i]);
            }
        }

        foreach (KvSequence kv in caches) kv.Dispose();
        return logits;
    }
}
