using AutoGlm.Graph;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Tests.Plan;

/// <summary>Runs a graph through batches of all kinds: prompts, single rows, few rows, many sequences, no logits.</summary>
internal static class GraphRun
{
    private const int BlockTokens = 4, BlocksOfSequence = 8, MaxRows = 24;

    /// <summary>Of each batch: (sequence, tokens) pairs and which logits.</summary>
    private static readonly (LogitRows Logits, (int Sequence, int Tokens)[] Parts)[] Batches =
    [
        (LogitRows.Last, [(0, 9), (1, 1), (2, 5)]),
        (LogitRows.Last, [(0, 1)]),
        (LogitRows.All, [(0, 2)]),
        (LogitRows.All, [(2, 1), (0, 1), (1, 1)]),
        (LogitRows.None, [(3, 7), (1, 1)]),
        (LogitRows.Last, [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]),
        (LogitRows.Last, [(4, 13), (0, 1)]),
    ];

    /// <summary>The logits of all batches.</summary>
    public static List<float[]> Logits(IBackend backend, ComputationGraph graph, IWeightSource weights, int vocabulary, KvType type = KvType.F32)
    {
        using IGraphExecutor executor = backend.Load(graph, weights, MaxRows);
        using IKvMemory kv = backend.AllocateKv(KvLayout.For(graph, type, BlockTokens), 6 * BlocksOfSequence);
        int[] lengths = new int[6];
        ForwardBatch batch = new();
        List<float[]> all = [];
        int token = 0;
        foreach ((LogitRows wanted, (int Sequence, int Tokens)[] parts) in Batches)
        {
            batch.Clear();
            foreach ((int sequence, int count) in parts)
            {
                int[] tokens = [.. Enumerable.Range(0, count).Select(_ => token++ * 7 % vocabulary)];
                int[] blocks = [.. Enumerable.Range(0, BlocksOfSequence).Select(block => block * 6 + sequence)];
                batch.Add(tokens, lengths[sequence], blocks, BlockTokens, wanted);
                lengths[sequence] += count;
            }

            float[] logits = new float[batch.LogitRows.Length * vocabulary];
            executor.Run(batch, kv, logits);
            all.Add(logits);
        }

        return all;
    }
}
