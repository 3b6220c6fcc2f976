using System.Numerics;
using AutoGlm.Cuda.FlashAttention;
using AutoGlm.Cuda.Modules;
using AutoGlm.Graph;
using AutoGlm.Graph.Execution;
using AutoGlm.Graph.Nodes;

namespace AutoGlm.Cuda.Fast;

/// <summary>The launchers of a graph's attentions: layers of one shape share one, and so its plan of each batch.</summary>
internal sealed class AttentionLayers(CudaDevice device, KernelLibrary kernels, ComputationGraph graph, int maxRows) : IDisposable
{
    private readonly Dictionary<AttentionShape, AttentionLauncher> _launchers = [];
    private AttentionLauncher[] _ofLayer = [];
    private KvLayout? _layout;

    public AttentionLauncher this[int layer] => _ofLayer[layer];

    /// <summary>The most tiles that a launcher has of the batch whose sequences have one row each, rounded up to a power of two.</summary>
    public int Tiles { get; private set; }

    /// <summary>Makes launchers for a layout; nothing to do where it is the last one's.</summary>
    /// <returns>True where they are new.</returns>
    public bool Bind(KvLayout layout)
    {
        if (ReferenceEquals(_layout, layout)) return false;
        Dispose();
        _ofLayer = [.. graph.Attentions.Select(attention => Find(attention.Shape with { Layer = 0, Sinks = null }, layout))];
        _layout = layout;
        return true;
    }

    /// <summary>Plans a batch.</summary>
    public void Send(CudaStream stream, ForwardBatch batch)
    {
        int most = 0;
        foreach (AttentionLauncher launcher in _launchers.Values)
        {
            launcher.Send(stream, batch);
            most = Math.Max(most, launcher.FewTiles);
        }

        Tiles = (int)BitOperations.RoundUpToPowerOf2((uint)most);
    }

    public void Dispose()
    {
        foreach (AttentionLauncher launcher in _launchers.Values) launcher.Dispose();
        _launchers.Clear();
    }

    private AttentionLauncher Find(AttentionShape shape, KvLayout layout)
    {
        if (!_launchers.TryGetValue(shape, out AttentionLauncher? launcher))
            _launchers.Add(shape, launcher = new AttentionLauncher(device, kernels, shape, layout.Type, layout.BlockTokens, maxRows));
        return launcher;
    }
}
