using AutoGlm.Cpu;
using AutoGlm.Cuda;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Passes;
using AutoGlm.KvCache;
using AutoGlm.Models;
using AutoGlm.Models.Weights;

namespace AutoGlm.Engine;

/// <summary>
/// A model loaded on a backend, with its KV cache: what engines, and tools that want logits, run batches on. One caller at a time.
/// </summary>
public sealed class ModelRuntime : IDisposable
{
    private const int DefaultContext = 8192;

    private readonly IBackend _backend;
    private readonly IGraphExecutor _executor;
    private readonly RootKeys _roots;
    private readonly byte[] _fingerprint;

    private ModelRuntime(ModelPackage package, ComputationGraph graph, EngineOptions options, IBackend backend, IGraphExecutor executor, BlockPool pool, byte[] fingerprint)
    {
        Package = package;
        Graph = graph;
        Options = options;
        _backend = backend;
        _executor = executor;
        Pool = pool;
        _fingerprint = fingerprint;
        _roots = new RootKeys(fingerprint, [1, (byte)options.KvType, .. BitConverter.GetBytes(options.BlockTokens)]);
    }

    public ModelPackage Package { get; }

    /// <summary>The graph as it runs, after its passes.</summary>
    public ComputationGraph Graph { get; }

    public EngineOptions Options { get; }

    public BlockPool Pool { get; }

    /// <summary>How much memory the KV cache may take, and why.</summary>
    public required KvMemoryPlan KvMemory { get; init; }

    /// <summary>Key before the first block of sequences that belong to no tenant.</summary>
    public BlockKey RootKey => _roots.Of("");

    public string BackendName => _backend.Name;

    /// <summary>32 bytes that name the model's settings and weights: on the processor by all of their bytes, on a card by a sample of them.</summary>
    public ReadOnlySpan<byte> Fingerprint => _fingerprint;

    /// <summary>What people should know about how the model was loaded, a sentence each.</summary>
    public IReadOnlyList<string> Notices => [.. Package.Notices, .. _backend.Notices];

    public long WeightBytes => _executor.WeightBytes;

    /// <summary>Those of them that are mapped from the weight cache: shared with all processes that run the model.</summary>
    public long MappedBytes => _executor.MappedBytes;

    /// <summary>Bytes of parameters that generating one token of one sequence reads.</summary>
    public long BytesPerToken => _executor.BytesPerToken;

    public long ActivationBytes => _executor.ActivationBytes;

    /// <summary>Longest sequence in tokens.</summary>
    public int Context => Package.Context;

    public int Vocabulary => Package.Vocabulary;

    /// <summary>Loads a model.</summary>
    /// <param name="path">A .gguf file or a Hugging Face folder.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told the fraction loaded, 0 to 1.</param>
    /// <param name="cancellation">Ends loading early.</param>
    /// <exception cref="Formats.ModelFormatException">It is no model, an unsound one, or of an unknown architecture.</exception>
    public static ModelRuntime Load(string path, EngineOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Load(path, options ?? new EngineOptions(), Backends.Create, progress, cancellation);

    /// <summary>Loads a model.</summary>
    /// <param name="path">A .gguf file or a Hugging Face folder.</param>
    /// <param name="options">How.</param>
    /// <param name="create">Makes what runs it, by the options and the longest sequence in tokens.</param>
    /// <param name="progress">Told the fraction loaded, 0 to 1.</param>
    /// <param name="cancellation">Ends loading early.</param>
    internal static ModelRuntime Load(string path, EngineOptions options, Func<EngineOptions, int, IBackend> create, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        options.Validate();
        ModelPackage package = OpenPackage(path, options);
        IBackend? backend = null;
        IGraphExecutor? executor = null;
        try
        {
            // First, as it lets the system load libraries meanwhile.
            backend = create(options, package.Context);
            ComputationGraph graph = Optimize(package.Graph, options);
            options = options with { BatchTokens = options.BatchTokens ?? backend.BatchRows };
            KvLayout layout = KvLayout.For(graph, options.KvType, options.BlockTokens);
            executor = backend.Load(graph, package.Weights, options.StepTokens, progress, cancellation);
            byte[] fingerprint = package.ComputeFingerprint(executor.ContentHash.Span);
            KvMemoryPlan memory = KvMemoryPlan.For(layout, package.Context, options, backend.KvBytesAvailable, executor.MappedBytes);
            BlockPool pool = new(backend.AllocateKv(layout, memory.Blocks), options.ToPoolOptions());
            return new ModelRuntime(package, graph, options, backend, executor, pool, fingerprint) { KvMemory = memory };
        }
        catch
        {
            executor?.Dispose();
            backend?.Dispose();
            package.Dispose();
            throw;
        }
    }

    /// <summary>What chooses tokens on the device; null where the host is to.</summary>
    internal ISamplingExecutor? Sampling => Options.WithoutPasses.Contains(CudaPasses.ChosenTokens) ? null : _executor as ISamplingExecutor;

    /// <summary>Runs a batch; its logits go to <paramref name="logits"/> [logit rows, vocabulary].</summary>
    public void Run(ForwardBatch batch, Span<float> logits) => _executor.Run(batch, Pool.Memory, logits);

    /// <summary>A new sequence without content.</summary>
    public KvSequence CreateSequence() => new(Pool, RootKey);

    /// <summary>A new sequence without content.</summary>
    /// <param name="keys">Keys of its tokens.</param>
    /// <param name="retention">How its blocks are kept afterwards.</param>
    /// <param name="isCounted">False where the cache's statistics leave it out.</param>
    public KvSequence CreateSequence(PrefixKeys keys, CacheRetention retention, bool isCounted = true) => new(Pool, keys) { Retention = retention, IsCounted = isCounted };

    /// <summary>Keys of a tenant's tokens; tenants share nothing, unless the options say so.</summary>
    public PrefixKeys CreateKeys(string tenant) => new(_roots.Of(Options.ShareAcrossTenants ? "" : tenant), Pool.BlockTokens);

    /// <summary>A graph after the same passes as the model's own.</summary>
    internal ComputationGraph Optimize(ComputationGraph graph) => Optimize(graph, Options);

    /// <summary>Bytes a second of a plain read of the device's memory, measured now; null where the model is in the host's.</summary>
    public double? MeasureReadRate() => _backend.MeasureReadRate();

    /// <summary>Another graph on the weights that are loaded; see <see cref="IGraphExecutor.Share"/>.</summary>
    internal IGraphExecutor Share(ComputationGraph graph) => _executor.Share(graph);

    /// <summary>Blocks apart from the pool.</summary>
    internal IKvMemory AllocateKv(KvLayout layout, int blocks) => _backend.AllocateKv(layout, blocks);

    public void Dispose()
    {
        Pool.Memory.Dispose();
        _executor.Dispose();
        _backend.Dispose();
        Package.Dispose();
    }

    private static ComputationGraph Optimize(ComputationGraph graph, EngineOptions options) =>
        GraphOptimizer.Optimize(graph, [.. options.WithoutPasses.Except(PlanPasses.All).Except(CudaPasses.All)]);

    private static ModelPackage OpenPackage(string path, EngineOptions options)
    {
        if (options.Context is not null) return ModelPackage.Open(path, options.Context, options.FullPrecisionWeights);
        ModelPackage package = ModelPackage.Open(path, null, options.FullPrecisionWeights);
        if (package.ModelContext <= DefaultContext) return package;
        package.Dispose();
        return ModelPackage.Open(path, DefaultContext, options.FullPrecisionWeights);
    }
}
