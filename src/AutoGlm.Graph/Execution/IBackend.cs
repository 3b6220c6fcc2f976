namespace AutoGlm.Graph.Execution;

/// <summary>Something that runs graphs: a CPU's thread team, a GPU.</summary>
public interface IBackend : IDisposable
{
    /// <summary>A short name with what it runs on, for people.</summary>
    string Name { get; }

    /// <summary>What people should know about how graphs were loaded, a sentence each.</summary>
    IReadOnlyList<string> Notices => [];

    /// <summary>What most processors do best with.</summary>
    const int UsualBatchRows = 512;

    /// <summary>Rows of a batch that keep it busy, and take no longer than they need to: for who does not know better.</summary>
    int BatchRows => UsualBatchRows;

    /// <summary>Bytes that KV blocks may take once a graph is loaded; null where the memory is the host's.</summary>
    long? KvBytesAvailable => null;

    /// <summary>Bytes a second of a plain read of its memory, measured now; null where the memory is the host's.</summary>
    double? MeasureReadRate() => null;

    /// <summary>Memory for KV blocks, where the backend's attention reads them.</summary>
    IKvMemory AllocateKv(KvLayout layout, int blocks);

    /// <summary>Loads a graph's parameters and makes it ready to run.</summary>
    /// <param name="graph">The graph, after its passes.</param>
    /// <param name="weights">Its parameters; not needed any more once this returns.</param>
    /// <param name="maxRows">The most rows a batch will have.</param>
    /// <param name="progress">Told the fraction loaded, 0 to 1.</param>
    /// <param name="cancellation">Ends loading early.</param>
    IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default);
}

/// <summary>A loaded graph. One caller at a time.</summary>
public interface IGraphExecutor : IDisposable
{
    /// <summary>Bytes of parameters in memory, as the backend keeps them.</summary>
    long WeightBytes { get; }

    /// <summary>Those of them that are mapped from a file, which the system counts among the memory that it can take back.</summary>
    long MappedBytes => 0;

    /// <summary>Names all parameters by all of their bytes; empty where the backend has not seen them all.</summary>
    ReadOnlyMemory<byte> ContentHash => default;

    /// <summary>Bytes of parameters that generating one token of one sequence reads.</summary>
    long BytesPerToken { get; }

    /// <summary>Bytes of activation buffers.</summary>
    long ActivationBytes { get; }

    /// <summary>Runs a batch: writes its keys and values to the blocks its tables name, and its logits.</summary>
    /// <param name="batch">At most maxRows rows; every token id inside the vocabulary.</param>
    /// <param name="kv">Memory made by the same backend.</param>
    /// <param name="logits">[logit rows of the batch, vocabulary], row-major.</param>
    void Run(ForwardBatch batch, IKvMemory kv, Span<float> logits);

    /// <summary>
    /// Another graph over parameters that this one has loaded, which both then read. It is to be disposed first, and the two are
    /// never run at the same time.
    /// </summary>
    /// <param name="graph">The graph, after the same passes.</param>
    /// <exception cref="NotSupportedException">The backend runs one graph of a model alone.</exception>
    IGraphExecutor Share(ComputationGraph graph) => throw new NotSupportedException("This backend runs one graph of a model alone; use the CPU for what needs another.");
}

/// <summary>A fixed number of KV blocks in a backend's memory.</summary>
public interface IKvMemory : IDisposable
{
    KvLayout Layout { get; }

    int BlockCount { get; }

    /// <summary>Copies one block over another.</summary>
    void Copy(int from, int to);

    /// <summary>Copies a block's bytes out.</summary>
    void Read(int block, Span<byte> destination);

    /// <summary>Copies a block's bytes in.</summary>
    void Write(int block, ReadOnlySpan<byte> source);
}
