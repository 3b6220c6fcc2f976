using AutoGlm.Cpu.Kernels;
using AutoGlm.Graph.Execution;

namespace AutoGlm.Cpu.Plan;

/// <summary>The layout of the KV blocks a run reads, as kernels see it, and the scratch memory their attention needs.</summary>
internal sealed unsafe class KvBinding(int threads, int layers) : IDisposable
{
    private readonly object[] _identities = [.. Enumerable.Range(0, layers).Select(_ => new object())];
    private KvLayout? _layout;
    private KvView[] _layers = [];
    private NativeArray<float>? _scratch;

    public float* Scratch => _scratch is null ? null : _scratch.Start;

    public ref readonly KvView this[int layer] => ref _layers[layer];

    /// <summary>An access to a layer's keys and values, one column for each KV head.</summary>
    public Access Access(int layer, int kvHeads, bool writes) => new(_identities[layer], 0, 0, kvHeads, 1, Reach.Share, writes);

    /// <summary>Takes a layout over; nothing to do where it is the last one's.</summary>
    public void Bind(KvLayout layout)
    {
        if (ReferenceEquals(layout, _layout)) return;
        _layers = [.. layout.Layers.Select(layer => View(layout, layer))];
        long floats = _layers.Length == 0 ? 0 : _layers.Max(layer => PagedAttention.ScratchFloats(layer));
        _scratch?.Dispose();
        _scratch = new NativeArray<float>(floats * threads);
        _layout = layout;
    }

    public void Dispose() => _scratch?.Dispose();

    private static KvView View(KvLayout layout, KvLayerLayout layer) => new()
    {
        Type = layout.Type,
        BlockTokens = layout.BlockTokens,
        KvHeads = layer.KvHeads,
        KeySize = layer.KeySize,
        ValueSize = layer.ValueSize,
        ValueStride = layer.ValueInKey ? layer.KeySize : layer.ValueSize,
        KeyOffset = layer.KeyOffset,
        ValueOffset = layer.ValueOffset,
    };
}
