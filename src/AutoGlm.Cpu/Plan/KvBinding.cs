using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Plan;

/// <summary>The layout of the KV blocks a run reads, as kernels see it, and the scratch memory their attention needs.</summary>
internal sealed unsafe class KvBinding(int threads, int layers) : IDisposable
{
    private readonly object[] _identities = [.. Enumerable.Range(0, layers).Select(_ => new object())];
    private readonly object _partialsIdentity = new();
    private KvLayout? _layout;
    private KvView[] _layers = [];
    private NativeArray<float>? _scratch, _partials;

    /// <summary>What chunks of keys leave where they are split over threads.</summary>
    public float* Partials => _partials is null ? null : _partials.Start;

    public ref readonly KvView this[int layer] => ref _layers[layer];

    /// <summary>A thread's scratch memory for a layer.</summary>
    public float* ScratchOf(int layer, int thread) => _scratch!.Start + thread * PagedAttention.ScratchFloats(_layers[layer]);

    /// <summary>An access to a layer's keys and values, one column for each KV head.</summary>
    public Access Access(int layer, int kvHeads, bool writes) => new(_identities[layer], 0, 0, kvHeads, 1, Reach.Share, writes);

    /// <summary>An access to what chunks leave.</summary>
    public Access AccessPartials(bool writes) => Plan.Access.ToAll(_partialsIdentity, writes);

    /// <summary>Takes a layout over; nothing to do where it is the last one's.</summary>
    public void Bind(KvLayout layout)
    {
        if (!ReferenceEquals(layout, _layout)) Take(layout);
    }

    /// <summary>Makes room for what chunks leave.</summary>
    public void ReservePartials(long floats)
    {
        if (_partials?.Length >= floats) return;
        _partials?.Dispose();
        _partials = new NativeArray<float>(2 * floats);
    }

    public void Dispose()
    {
        _scratch?.Dispose();
        _partials?.Dispose();
    }

    private void Take(KvLayout layout)
    {
        _layers = [.. layout.Layers.Select(layer => View(layout, layer))];
        long floats = _layers.Length == 0 ? 0 : _layers.Max(layer => PagedAttention.ScratchFloats(layer));
        _scratch?.Dispose();
        _scratch = new NativeArray<float>(floats * threads);
        _layout = layout;
    }

    private static KvView View(KvLayout layout, KvLayerLayout layer) => new()
    {
        Type = layout.Type,
        BlockTokens = layout.BlockTokens,
        KvHeads = layer.KvHeads,
        KeySize = layer.KeySize,
        ValueSize = layer.ValueSize,
        ValueStride = layer.ValueStride,
        KeyOffset = layer.KeyOffset,
        KeyScaleOffset = layer.KeyScaleOffset,
        ValueOffset = layer.ValueOffset,
        ValueScaleOffset = layer.ValueScaleOffset,
    };
}
