using AutoGlm.Cuda.Fast;
using AutoGlm.Cuda.Measuring;
using AutoGlm.Cuda.Modules;
using AutoGlm.Cuda.Plan;
using AutoGlm.Cuda.Reference;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cuda;

/// <summary>Runs graphs on an NVIDIA card.</summary>
public sealed class CudaBackend : IBackend
{
    private readonly CudaStream _stream;
    private readonly KernelLibrary _kernels;
    private readonly CudaOptions _options;

    /// <exception cref="NotSupportedException">There is no driver, no such card, or it is too old.</exception>
    /// <exception cref="Bindings.CudaException">The driver refuses.</exception>
    public CudaBackend(CudaOptions? options = null)
    {
        _options = options ?? new CudaOptions();
        Device = CudaDevice.Open(_options.Device);
        _stream = new CudaStream();
        _kernels = new KernelLibrary(Device, _options.CacheFolder ?? CubinCache.DefaultFolder);
    }

    public string Name => $"CUDA, {Device.Name}";

    public int BatchRows => Device.Tuning.BatchRows;

    /// <summary>Nine tenths of what is free.</summary>
    public long? KvBytesAvailable => Device.FreeBytes / 10 * 9;

    /// <exception cref="InsufficientMemoryException">Too little is free to tell.</exception>
    public double? MeasureReadRate()
    {
        Device.MakeCurrent();
        return MemoryRead.Rate(Device, _stream, _kernels);
    }

    /// <summary>The card.</summary>
    public CudaDevice Device { get; }

    public IKvMemory AllocateKv(KvLayout layout, int blocks) => new CudaKvMemory(Device, _stream, layout, blocks);

    public IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        Device.MakeCurrent();
        Operations operations = OperationsFor(graph, maxRows);
        DeviceWeights? loaded = null;
        try
        {
            Fusions? fusions = FusionsOf(graph, operations, weight => operations.Fuses(weights.Get(weight).Type));
            loaded = DeviceWeights.Load(graph, weights, Device, operations, fusions, progress, cancellation);
            return Executor(graph, loaded, operations, fusions, maxRows, ownsWeights: true);
        }
        catch
        {
            loaded?.Dispose();
            operations.Dispose();
            throw;
        }
    }

    /// <summary>Another graph over weights that one has loaded: it must gate the same products, as their matrices are packed for it.</summary>
    private CudaExecutor Share(ComputationGraph graph, DeviceWeights loaded, int maxRows)
    {
        Device.MakeCurrent();
        Operations operations = OperationsFor(graph, maxRows);
        try
        {
            Fusions? fusions = FusionsOf(graph, operations, loaded.IsPacked);
            if (!loaded.Gated.Intersect(graph.Weights).ToHashSet().SetEquals(fusions?.GatedWeights ?? []))
                throw new NotSupportedException("The graph has other gates than the one that loaded its weights; optimise both by the same passes.");
            return Executor(graph, loaded, operations, fusions, maxRows, ownsWeights: false);
        }
        catch
        {
            operations.Dispose();
            throw;
        }
    }

    private Operations OperationsFor(ComputationGraph graph, int maxRows) =>
        _options.Reference ? new ReferenceOperations(_kernels) : new FastOperations(Device, _stream, _kernels, graph, maxRows);

    private Fusions? FusionsOf(ComputationGraph graph, Operations operations, Func<Weight, bool> packed) => !operations.FusesHeads ? null : new Fusions(
        graph, _options.FuseHeads, weight => _options.FuseGates && packed(weight), weight => _options.FuseNorms && packed(weight));

    private CudaExecutor Executor(ComputationGraph graph, DeviceWeights weights, Operations operations, Fusions? fusions, int maxRows, bool ownsWeights) =>
        new(Device, _stream, _kernels, graph, weights, operations, fusions, maxRows, _options, ownsWeights, other => Share(other, weights, maxRows));

    public void Dispose()
    {
        Device.MakeCurrent();
        _kernels.Dispose();
        _stream.Dispose();
        Device.Dispose();
    }
}
