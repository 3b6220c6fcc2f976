using System.Diagnostics;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.KvCache;

namespace AutoGlm.Engine.Evaluation;

/// <summary>Times a loaded model on random tokens. Each quantity is run once before it is timed.</summary>
public sealed class ThroughputMeter
{
    private readonly ModelRuntime _runtime;
    private readonly Random _random;
    private readonly ForwardBatch _batch = new();
    private float[] _logits = [];

    public ThroughputMeter(ModelRuntime runtime, int seed = 1)
    {
        _runtime = runtime;
        _random = new Random(seed);
    }

    /// <summary>Bytes of KV cache that so many sequences of so many tokens take.</summary>
    public static long KvBytes(ComputationGraph graph, EngineOptions options, int sequences, int tokens)
    {
        long blocks = (long)sequences * ((tokens + options.BlockTokens - 1) / options.BlockTokens);
        return checked(blocks * KvLayout.For(graph, options.KvType, options.BlockTokens).BlockBytes);
    }

    /// <summary>Times prompts of so many tokens, computed in the runtime's batches, of which the last token wants logits.</summary>
    /// <param name="tokens">Tokens of the prompt.</param>
    /// <param name="repetitions">How often, at least once.</param>
    /// <param name="progress">Told the fraction done, 0 to 1.</param>
    /// <param name="cancellation">Ends it early.</param>
    public ThroughputResult Prompt(int tokens, int repetitions, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        int batch = _runtime.Options.StepTokens, batches = (tokens + batch - 1) / batch;
        double kv = KvBytesPerToken * Math.Max(0, tokens - batch) / 2;
        Sample rate = Repeat(repetitions, new Work(tokens, 1, batch, 0), progress, cancellation);
        return new ThroughputResult(ThroughputKind.Prompt, tokens, 1, rate, (_runtime.BytesPerToken * (double)batches + kv * batches) / tokens);
    }

    /// <summary>Times the generation of so many tokens by each of so many sequences together.</summary>
    /// <inheritdoc cref="Prompt"/>
    /// <param name="sequences">Sequences that run together.</param>
    /// <param name="depth">Tokens that each sequence holds before; they are not timed.</param>
    public ThroughputResult Generation(int tokens, int sequences, int repetitions, IProgress<double>? progress = null, CancellationToken cancellation = default, int depth = 0)
    {
        Sample rate = Repeat(repetitions, new Work(tokens, sequences, 1, depth), progress, cancellation);
        return new ThroughputResult(ThroughputKind.Generation, tokens, sequences, rate, (double)_runtime.BytesPerToken / sequences + KvBytesPerToken * (depth + tokens / 2.0));
    }

    /// <summary>So many tokens of each of so many sequences, so many rows of each a step, after others.</summary>
    private readonly record struct Work(int Tokens, int Sequences, int Rows, int Depth);

    private double KvBytesPerToken => (double)_runtime.Pool.Memory.Layout.BlockBytes / _runtime.Pool.BlockTokens;

    private Sample Repeat(int repetitions, Work work, IProgress<double>? progress, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(repetitions, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(work.Tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(work.Sequences, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(work.Depth);
        int vocabulary = _runtime.Vocabulary, steps = (work.Tokens + work.Rows - 1) / work.Rows;
        if (_logits.Length < work.Sequences * vocabulary) _logits = new float[work.Sequences * vocabulary];
        List<double> rates = [];
        for (int run = 0; run <= repetitions; run++)
        {
            int done = run * steps;
            TimeSpan time = Run(work, () => progress?.Report((double)++done / ((repetitions + 1) * steps)), cancellation);
            if (run > 0) rates.Add((double)work.Tokens * work.Sequences / time.TotalSeconds);
        }

        return new Sample(rates);
    }

    private TimeSpan Run(Work work, Action stepDone, CancellationToken cancellation)
    {
        (int tokens, int sequences, int rows, int depth) = work;
        KvSequence[] caches = [.. Enumerable.Range(0, sequences).Select(_ => _runtime.CreateSequence())];
        int[] input = new int[Math.Max(rows, Math.Min(depth, _runtime.Options.StepTokens))];
        try
        {
            if (caches.Any(kv => !kv.TryReserve(depth + tokens)))
                throw new InvalidOperationException($"The KV cache is too small for {sequences} sequences of {depth + tokens:N0} tokens.");

            foreach (KvSequence kv in caches)
            {
                for (int at = 0; at < depth; at += input.Length)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Step([kv], input.AsSpan(0, Math.Min(input.Length, depth - at)), wantsLogits: false);
                }
            }

            long start = Stopwatch.GetTimestamp();
            if (rows == 1 && _runtime.Sampling is { } device)
            {
                Generate(device, caches, tokens, stepDone, cancellation);
                return Stopwatch.GetElapsedTime(start);
            }

            for (int at = 0; at < tokens; at += rows)
            {
                cancellation.ThrowIfCancellationRequested();
                Step(caches, input.AsSpan(0, Math.Min(rows, tokens - at)), at + rows >= tokens || rows == 1);
                stepDone();
            }

            return Stopwatch.GetElapsedTime(start);
        }
        finally
        {
            foreach (KvSequence kv in caches) kv.Dispose();
        }
    }

    /// <summary>Generates as an engine does: the device chooses, greedily, and is given each step while the one before is under way.</summary>
    private void Generate(ISamplingExecutor device, KvSequence[] caches, int tokens, Action stepDone, CancellationToken cancellation)
    {
        RowSampling[] greedy = [.. Enumerable.Repeat(RowSampling.Greedy, caches.Length)];
        int[] input = [.. caches.Select(_ => _random.Next(_runtime.Vocabulary))], chosen = new int[caches.Length];
        for (int at = 0; at <= tokens; at++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (at < tokens)
            {
                int row = 0;
                _batch.Clear();
                foreach (KvSequence kv in caches) _batch.Add([at == 0 ? input[row++] : 0], kv.Length + Math.Min(at, 1), kv.BlockTable, _runtime.Pool.BlockTokens, LogitRows.Last);
                device.Begin(_batch, _runtime.Pool.Memory, greedy, _runtime.Vocabulary, follows: at > 0);
            }

            if (at == 0) continue;
            device.End(chosen);
            for (int i = 0; i < caches.Length; i++) caches[i].Commit([input[i]]);
            chosen.CopyTo(input, 0);
            stepDone();
        }
    }

    private void Step(KvSequence[] caches, Span<int> tokens, bool wantsLogits)
    {
        _batch.Clear();
        List<int[]> inputs = [];
        foreach (KvSequence kv in caches)
        {
            foreach (ref int token in tokens) token = _random.Next(_runtime.Vocabulary);
            _batch.Add(tokens, kv.Length, kv.BlockTable, _runtime.Pool.BlockTokens, wantsLogits ? LogitRows.Last : LogitRows.None);
            inputs.Add(tokens.ToArray());
        }

        _runtime.Run(_batch, _logits.AsSpan(0, _batch.LogitRows.Length * _runtime.Vocabulary));
        for (int i = 0; i < caches.Length; i++) caches[i].Commit(inputs[i]);
    }
}
