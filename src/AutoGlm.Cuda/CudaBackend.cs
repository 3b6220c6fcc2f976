using AutoGlm.Cuda.Fast;
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

    /// <summary>Nine tenths of what is free.</summary>
    public long? KvBytesAvailable => Device.FreeBytes / 10 * 9;

    /// <summary>The card.</summary>
    public CudaDevice Device { get; }

    public IKvMemory AllocateKv(KvLayout layout, int blocks) => new CudaKvMemory(Device, _stream, layout, blocks);

    public IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        Device.MakeCurrent();
        Operations operations = _options.Reference ? new ReferenceOperations(_kernels) : new FastOperations(Device, _stream, _kernels, graph, maxRows);
        Fusions? fusions = operations.FusesHeads ? FusionsOf(graph, weights, operations) : null;
        DeviceWeights loaded = DeviceWeights.Load(graph, weights, Device, operations, fusions, progress, cancellation);
        try
        {
            return new CudaExecutor(Device, _stream, graph, loaded, operations, fusions, maxRows, _options);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    private Fusions FusionsOf(ComputationGraph graph, IWeightSource weights, Operations operations)
    {
        bool Packed(Weight weight) => operations.Fuses(weights.Get(weight).Type);
        return new Fusions(graph, _options.FuseHeads, weight => _options.FuseGates && Packed(weight), weight => _options.FuseNorms && Packed(weight));
    }

    public void Dispose()
    {
        Device.MakeCurrent();
        _kernels.Dispose();
        _stream.Dispose();
        Device.Dispose();
    }
}
