using System.Numerics.Tensors;
using AutoGlm.Formats.Tokenizers;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Evaluation;

/// <summary>
/// Perplexity as llama.cpp defines it: the text is cut into chunks of so many tokens, each computed on its own; the first half of
/// a chunk is context only, and each position from the middle to the last but one is scored by the token that follows it.
/// </summary>
public sealed class PerplexityMeter
{
    /// <summary>Shortest chunk of which a token can be scored.</summary>
    public const int MinChunk = 4;

    private const int LogitBytes = 16 << 20;

    private readonly ModelRuntime _runtime;
    private readonly int _chunk;
    private readonly ForwardBatch _batch = new();
    private readonly float[] _logits;
    private double _sum, _squares;
    private int _scored;

    /// <param name="runtime">The model, with a context of at least the chunk.</param>
    /// <param name="chunk">Tokens of a chunk, at least <see cref="MinChunk"/>.</param>
    public PerplexityMeter(ModelRuntime runtime, int chunk)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunk, MinChunk);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunk, runtime.Context);
        _runtime = runtime;
        _chunk = chunk;
        int rows = Math.Clamp(LogitBytes / sizeof(float) / runtime.Vocabulary, 1, Math.Min(chunk, runtime.Options.StepTokens));
        _logits = new float[rows * runtime.Vocabulary];
    }

    /// <summary>The ids of a text as they are scored: whole, with what the tokenizer puts before a text, special tokens as plain text.</summary>
    public static int[] Encode(Tokenizer tokenizer, string text) => tokenizer.Encode(text, addSpecial: true, parseSpecial: false);

    /// <summary>Measures.</summary>
    /// <param name="tokens">The text's ids; what is over a whole number of chunks does not count.</param>
    /// <param name="mostChunks">Chunks to stop after; null for all.</param>
    /// <param name="progress">Told the result so far, after each chunk.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="ArgumentException">The tokens do not fill a chunk.</exception>
    public PerplexityResult Measure(ReadOnlySpan<int> tokens, int? mostChunks = null, IProgress<PerplexityResult>? progress = null, CancellationToken cancellation = default)
    {
        int count = Math.Min(tokens.Length / _chunk, mostChunks ?? int.MaxValue);
        if (count < 1) throw new ArgumentException($"The text has {tokens.Length:N0} tokens; a chunk of {_chunk:N0} needs as many. Give a longer text, or a smaller chunk.", nameof(tokens));
        (_sum, _squares, _scored) = (0, 0, 0);
        Tokenizer tokenizer = _runtime.Package.Tokenizer;
        int? first = tokenizer.AddBos ? tokenizer.BosId : null;
        PerplexityResult result = new(0, count, 0, double.NaN, double.NaN);
        for (int i = 0; i < count; i++)
        {
            Score(tokens.Slice(i * _chunk, _chunk), first, cancellation);
            result = Result(i + 1, count);
            progress?.Report(result);
        }

        return result;
    }

    private void Score(ReadOnlySpan<int> chunk, int? first, CancellationToken cancellation)
    {
        int[] input = chunk.ToArray();
        if (first is { } token) input[0] = token;
        int middle = _chunk / 2, vocabulary = _runtime.Vocabulary;
        using KvSequence kv = _runtime.CreateSequence();
        if (!kv.TryReserve(_chunk)) throw new InvalidOperationException("The KV cache is too small for a chunk.");
        for (int at = 0; at < middle; at += _runtime.Options.StepTokens)
        {
            cancellation.ThrowIfCancellationRequested();
            Run(kv, input.AsSpan(at, Math.Min(middle - at, _runtime.Options.StepTokens)), LogitRows.None);
        }

        // The last position predicts what the chunk no longer holds: it is not computed.
        int rows = _logits.Length / vocabulary;
        for (int at = middle; at < _chunk - 1; at += rows)
        {
            cancellation.ThrowIfCancellationRequested();
            int part = Math.Min(rows, _chunk - 1 - at);
            Run(kv, input.AsSpan(at, part), LogitRows.All);
            for (int row = 0; row < part; row++) Add(Loss(_logits.AsSpan(row * vocabulary, vocabulary), chunk[at + row + 1]));
        }
    }

    private void Run(KvSequence kv, ReadOnlySpan<int> tokens, LogitRows wanted)
    {
        _batch.Clear();
        _batch.Add(tokens, kv.Length, kv.BlockTable, _runtime.Pool.BlockTokens, wanted);
        _runtime.Run(_batch, _logits.AsSpan(0, _batch.LogitRows.Length * _runtime.Vocabulary));
        kv.Commit(tokens);
    }

    /// <summary>Negative log-softmax of one entry.</summary>
    internal static double Loss(ReadOnlySpan<float> logits, int token)
    {
        const int piece = 1024;
        Span<float> exponentials = stackalloc float[piece];
        float most = TensorPrimitives.Max(logits);
        double sum = 0;
        for (int at = 0; at < logits.Length; at += piece)
        {
            ReadOnlySpan<float> some = logits.Slice(at, Math.Min(piece, logits.Length - at));
            Span<float> values = exponentials[..some.Length];
            TensorPrimitives.Subtract(some, most, values);
            TensorPrimitives.Exp(values, values);
            sum += TensorPrimitives.Sum<float>(values);
        }

        return Math.Log(sum) + most - logits[token];
    }

    private void Add(double loss)
    {
        _sum += loss;
        _squares += loss * loss;
        _scored++;
    }

    private PerplexityResult Result(int chunks, int count)
    {
        double mean = _sum / _scored;
        double variance = Math.Max(0, _squares / _scored - mean * mean);
        return new PerplexityResult(chunks, count, _scored, mean, _scored > 1 ? Math.Sqrt(variance / (_scored - 1)) : double.NaN);
    }
}
