using AutoGlm.Graph.Passes;

namespace AutoGlm.Graph.Execution.Split;

/// <summary>
/// Runs a model's first layers on a device and the rest with the head on the host, for models that the device has no memory for.
/// Where all layers or none are the device's, one of the two runs the whole graph. It loads one graph.
/// </summary>
/// <remarks>
/// The device has the first layers, so that it runs an ordinary graph that begins with tokens, and only the host, which has
/// the rows at hand, needs to begin with rows; these cross once a step. The price is that the head is the host's.
/// </remarks>
public sealed class SplitBackend(IBackend device, IBackend host, SplitOptions options) : IBackend
{
    private int? _layers;
    private int _all;
    private double _deviceShare = 1;

    public int BatchRows => device.BatchRows;

    public string Name => _layers is { } layers ? $"{layers} of {_all} layers on {device.Name}, the rest on {host.Name}" : $"{device.Name} and {host.Name}";

    public IReadOnlyList<string> Notices => [.. device.Notices, .. host.Notices];

    /// <summary>Layers on the device, once a graph is loaded.</summary>
    public int? Layers => _layers;

    /// <summary>What the device has to give to its layers, with the same for the other layers; null where it has none of them.</summary>
    public long? KvBytesAvailable => _layers == 0 ? host.KvBytesAvailable : device.KvBytesAvailable is { } bytes ? (long)(bytes / _deviceShare) : null;

    public double? MeasureReadRate() => _layers == _all ? device.MeasureReadRate() : host.MeasureReadRate();

    public IKvMemory AllocateKv(KvLayout layout, int blocks)
    {
        if (Only(RequireLayers()) is { } only) return only.AllocateKv(layout, blocks);
        int layers = RequireLayers();
        IKvMemory front = device.AllocateKv(layout.Part(0, layers), blocks);
        try
        {
            return new SplitKvMemory(layout, front, host.AllocateKv(layout.Part(layers, layout.Layers.Count - layers), blocks));
        }
        catch
        {
            front.Dispose();
            throw;
        }
    }

    public IGraphExecutor Load(ComputationGraph graph, IWeightSource weights, int maxRows, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        if (_layers is not null) throw new InvalidOperationException("A split backend loads one graph.");
        _all = graph.Attentions.Count();
        int layers = Math.Min(options.Layers ?? LayerSizes.Fitting(graph, weights, maxRows, device.KvBytesAvailable ?? long.MaxValue, options), _all);
        if (Only(layers) is { } only)
        {
            IGraphExecutor whole = only.Load(graph, weights, maxRows, progress, cancellation);
            _layers = layers;
            return whole;
        }

        LayerCut cut = LayerCut.After(graph, layers);
        double share = (double)layers / _all;
        IGraphExecutor front = device.Load(cut.Front, weights, maxRows, Scaled(progress, 0, share), cancellation);
        try
        {
            IGraphExecutor back = host.Load(cut.Back, weights, maxRows, Scaled(progress, share, 1 - share), cancellation);
            KvLayout layout = KvLayout.For(graph, options.KvType, 1);
            (_layers, _deviceShare) = (layers, (double)layout.Part(0, layers).BlockBytes / layout.BlockBytes);
            return new SplitExecutor(front, back, cut.Width, maxRows);
        }
        catch
        {
            front.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        device.Dispose();
        host.Dispose();
    }

    private static Part? Scaled(IProgress<double>? progress, double from, double share) => progress is null ? null : new Part(progress, from, share);

    private int RequireLayers() => _layers ?? throw new InvalidOperationException("A graph is to be loaded before its KV memory is asked for.");

    /// <summary>The one that runs all; null where both run some.</summary>
    private IBackend? Only(int layers) => layers == 0 ? host : layers >= _all ? device : null;

    /// <summary>Progress of a part of the loading.</summary>
    private sealed class Part(IProgress<double> whole, double from, double share) : IProgress<double>
    {
        public void Report(double value) => whole.Report(from + value * share);
    }
}
