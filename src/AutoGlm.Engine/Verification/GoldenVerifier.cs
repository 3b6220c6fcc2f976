using System.Numerics.Tensors;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Verification;

/// <summary>How far a loaded model is from a golden.</summary>
/// <param name="WholeError">Prompts computed at once: largest difference of a logit, as a fraction of the largest logit.</param>
/// <param name="StepError">The same, token by token through the KV cache.</param>
/// <param name="BatchError">The same, all sequences in one batch, cut to different lengths.</param>
/// <param name="GreedyTokens">Tokens of the greedy continuations.</param>
/// <param name="GreedyMatches">Those that are equal.</param>
public sealed record GoldenResult(double WholeError, double StepError, double BatchError, int GreedyTokens, int GreedyMatches)
{
    public double LargestError => Math.Max(WholeError, Math.Max(StepError, BatchError));

    /// <summary>True where logits are within the tolerance and all greedy tokens equal.</summary>
    public bool Passes(double tolerance) => LargestError <= tolerance && GreedyMatches == GreedyTokens;
}

/// <summary>Compares a loaded model with a <see cref="Golden"/> in each way it can be run.</summary>
public sealed class GoldenVerifier(ModelRuntime runtime, Golden golden)
{
    private readonly ForwardBatch _batch = new();
    private CancellationToken _cancellation;
    private readonly float _largest = golden.Logits.Max(logits => TensorPrimitives.MaxMagnitude(logits) is var most ? Math.Abs(most) : 0);

    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="Formats.ModelFormatException">The golden has another vocabulary than the model, or longer sequences than its context.</exception>
    public GoldenResult Run(CancellationToken cancellation = default)
    {
        _cancellation = cancellation;
        int longest = golden.Prompts.Max(prompt => prompt.Length) + golden.Greedy.Max(greedy => greedy.Length);
        if (golden.Vocabulary != runtime.Vocabulary || golden.Prompts.Any(prompt => prompt.Any(token => token >= runtime.Vocabulary)))
            throw new Formats.ModelFormatException(runtime.Package.Path, "vocabulary", $"the model has {runtime.Vocabulary} tokens, the golden {golden.Vocabulary}");
        if (longest > runtime.Context)
            throw new Formats.ModelFormatException(runtime.Package.Path, "context", $"the golden's sequences have {longest} tokens, the context {runtime.Context}");

        double whole = 0, step = 0;
        int matches = 0, tokens = 0;
        for (int i = 0; i < golden.Prompts.Count; i++)
        {
            whole = Larger(whole, Compare(Forward(golden.Prompts[i], golden.Prompts[i].Length), golden.Logits[i]));
            step = Larger(step, Compare(Forward(golden.Prompts[i], 1), golden.Logits[i]));
            int[] continuation = Continue(golden.Prompts[i], golden.Greedy[i].Length);
            matches += continuation.Zip(golden.Greedy[i]).Count(pair => pair.First == pair.Second);
            tokens += continuation.Length;
        }

        return new GoldenResult(whole, step, CompareBatch(), tokens, matches);
    }

    /// <summary>Logits [tokens, vocabulary] of a prompt computed in chunks.</summary>
    private float[] Forward(int[] prompt, int chunk)
    {
        using KvSequence kv = runtime.CreateSequence();
        float[] logits = new float[prompt.Length * runtime.Vocabulary];
        chunk = Math.Min(chunk, runtime.Options.StepTokens);
        for (int start = 0; start < prompt.Length; start += chunk)
        {
            int[] tokens = prompt[start..Math.Min(prompt.Length, start + chunk)];
            Compute(kv, tokens, LogitRows.All, logits.AsSpan(start * runtime.Vocabulary, tokens.Length * runtime.Vocabulary));
        }

        return logits;
    }

    private int[] Continue(int[] prompt, int count)
    {
        using KvSequence kv = runtime.CreateSequence();
        float[] logits = new float[runtime.Vocabulary];
        foreach (int[] chunk in prompt.Chunk(runtime.Options.StepTokens)) Compute(kv, chunk, LogitRows.Last, logits);
        int[] continuation = new int[count];
        for (int i = 0; i < count; i++)
        {
            continuation[i] = TensorPrimitives.IndexOfMax<float>(logits);
            Compute(kv, [continuation[i]], LogitRows.Last, logits);
        }

        return continuation;
    }

    /// <summary>All sequences together, the second cut to half, and so on, each but its last token first and that one in a second batch.</summary>
    private double CompareBatch()
    {
        double error = 0;
        int[] lengths = [.. golden.Prompts.Select((prompt, i) => Math.Max(1, prompt.Length / (i % 3 + 1)))];
        KvSequence[] sequences = [.. lengths.Select(_ => runtime.CreateSequence())];
        try
        {
            foreach (bool last in new[] { false, true })
            {
                _batch.Clear();
                List<(int Sequence, int First, int Count)> parts = [];
                for (int i = 0; i < lengths.Length; i++)
                {
                    (int first, int count) = last ? (lengths[i] - 1, 1) : (0, lengths[i] - 1);
                    if (count == 0) continue;
                    Reserve(sequences[i], count);
                    _batch.Add(golden.Prompts[i].AsSpan(first, count), first, sequences[i].BlockTable, runtime.Pool.BlockTokens, LogitRows.All);
                    parts.Add((i, first, count));
                }

                float[] logits = new float[parts.Sum(part => part.Count) * runtime.Vocabulary];
                runtime.Run(_batch, logits);
                int row = 0;
                foreach ((int i, int first, int count) in parts)
                {
                    sequences[i].Commit(golden.Prompts[i].AsSpan(first, count));
                    int start = row * runtime.Vocabulary, length = count * runtime.Vocabulary;
                    error = Larger(error, Compare(logits.AsSpan(start, length), golden.Logits[i].AsSpan(first * runtime.Vocabulary, length)));
                    row += count;
                }
            }
        }
        finally
        {
            foreach (KvSequence sequence in sequences) sequence.Dispose();
        }

        return error;
    }

    private void Compute(KvSequence kv, int[] tokens, LogitRows wanted, Span<float> logits)
    {
        _cancellation.ThrowIfCancellationRequested();
        Reserve(kv, tokens.Length);
        _batch.Clear();
        _batch.Add(tokens, kv.Length, kv.BlockTable, runtime.Pool.BlockTokens, wanted);
        runtime.Run(_batch, logits);
        kv.Commit(tokens);
    }

    private static void Reserve(KvSequence kv, int tokens)
    {
        if (!kv.TryReserve(tokens)) throw new InvalidOperationException("The KV cache is too small for the golden's sequences.");
    }

    private double Compare(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        double error = 0;
        for (int i = 0; i < actual.Length; i++) error = Larger(error, Math.Abs((double)actual[i] - expected[i]));
        return error / _largest;
    }

    /// <summary>The larger, and not a number where either is not.</summary>
    private static double Larger(double a, double b) => double.IsNaN(a) || a > b ? a : b;
}
