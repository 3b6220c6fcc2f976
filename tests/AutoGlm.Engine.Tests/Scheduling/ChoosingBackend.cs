using AutoGlm.Engine.Sampling;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Engine.Tests.Scheduling;

/// <summary>A backend that chooses tokens as a card does, by the host's sampler, and takes a step before the one before is ended.</summary>
internal sealed class ChoosingBackend(IBackend inner) : IBackend
{
    /// <summary>Steps that were begun before the tokens of the one before were read.</summary>
    public int Ahead { get; private set; }

    /// <summary>A token after which there is none to choose; null for none such.</summary>
    public int? DeadEnd { get; set; }

    public string Name => inner.Name;

    public IKvMemory AllocateKv(KvLayout layout, int blocks) => inner.AllocateKv(layout, blocks);

    public IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        new Executor(inner.Load(graph, weights, maxRows, progress, cancellation), graph[graph.Output].Width, this);

    public void Dispose() => inner.Dispose();

    private sealed class Executor(IGraphExecutor inner, int width, ChoosingBackend backend) : ISamplingExecutor
    {
        private readonly Queue<(int[] Tokens, float[] Logits)> _begun = [];
        private readonly ForwardBatch _followed = new();
        private int[] _chosen = [];
        private float[]? _logits;

        public long WeightBytes => inner.WeightBytes;

        public long BytesPerToken => inner.BytesPerToken;

        public long ActivationBytes => inner.ActivationBytes;

        public void Run(ForwardBatch batch, IKvMemory kv, Span<float> logits) => inner.Run(batch, kv, logits);

        public void Begin(ForwardBatch batch, IKvMemory kv, ReadOnlySpan<RowSampling> rows, int vocabulary, bool follows)
        {
            Assert.Equal(batch.LogitRows.Length, rows.Length);
            Assert.InRange(_begun.Count, 0, 1);
            if (follows)
            {
                backend.Ahead++;
                batch = Following(batch, kv.Layout.BlockTokens);
            }

            _logits = null;
            float[] logits = new float[rows.Length * width];
            inner.Run(batch, kv, logits);
            _chosen = new int[rows.Length];
            for (int i = 0; i < rows.Length; i++)
                _chosen[i] = batch.Tokens[batch.LogitRows[i]] == backend.DeadEnd ? -1 : Choose(logits.AsSpan(i * width, vocabulary), rows[i]);
            _begun.Enqueue((_chosen, logits));
        }

        public void End(Span<int> tokens)
        {
            (int[] chosen, _logits) = _begun.Dequeue();
            chosen.CopyTo(tokens);
        }

        public void ReadLogits(int row, Span<float> logits)
        {
            Assert.NotNull(_logits);
            Assert.Empty(_begun);
            _logits.AsSpan(row * width, width).CopyTo(logits);
        }

        public void Dispose() => inner.Dispose();

        /// <summary>The batch with the tokens that were chosen last; where there was none, with any.</summary>
        private ForwardBatch Following(ForwardBatch batch, int blockTokens)
        {
            Assert.Equal(_chosen.Length, batch.RowCount);
            Assert.Equal(batch.RowCount, batch.LogitRows.Length);
            _followed.Clear();
            foreach (BatchSequence sequence in batch.Sequences)
                _followed.Add([Math.Max(_chosen[sequence.FirstRow], 0)], sequence.FirstPosition, batch.BlockTables.Slice(sequence.FirstBlock, sequence.BlockCount), blockTokens, LogitRows.Last);
            return _followed;
        }

        private static int Choose(Span<float> logits, RowSampling row)
        {
            SamplingOptions options = new() { Temperature = row.Temperature, TopK = row.TopK, TopP = row.TopP, MinP = row.MinP, Seed = row.Seed };
            Sampler sampler = new(options, logits.Length);
            for (ulong i = 0; i < row.Counter; i++) sampler.NextRow();
            return sampler.Sample(logits, []);
        }
    }
}
