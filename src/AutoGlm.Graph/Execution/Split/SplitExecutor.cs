namespace AutoGlm.Graph.Execution.Split;

/// <summary>A graph in two parts (<see cref="Passes.LayerCut"/>) that run one after the other, with the rows of all tokens between them in host memory.</summary>
internal sealed class SplitExecutor(IGraphExecutor front, IGraphExecutor back, int width, int maxRows) : IGraphExecutor
{
    private readonly ForwardBatch _all = new();
    private readonly float[] _rows = new float[(long)maxRows * width];

    public long WeightBytes => front.WeightBytes + back.WeightBytes;

    public long MappedBytes => front.MappedBytes + back.MappedBytes;

    public long BytesPerToken => front.BytesPerToken + back.BytesPerToken;

    public long ActivationBytes => front.ActivationBytes + back.ActivationBytes + _rows.Length * sizeof(float);

    public void Run(ForwardBatch batch, IKvMemory kv, Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.RowCount, maxRows);
        if (batch.RowCount == 0) return;
        SplitKvMemory memory = kv as SplitKvMemory ?? throw new ArgumentException("The KV memory is another backend's.", nameof(kv));
        _all.CopyFrom(batch, LogitRows.All);
        front.Run(_all, memory.Front, _rows.AsSpan(0, batch.RowCount * width));
        ReadOnlyMemory<float> before = batch.Inputs;
        try
        {
            batch.Inputs = _rows.AsMemory(0, batch.RowCount * width);
            back.Run(batch, memory.Back, logits);
        }
        finally
        {
            batch.Inputs = before;
        }
    }

    public void Dispose()
    {
        back.Dispose();
        front.Dispose();
    }
}
