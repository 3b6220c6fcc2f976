using AutoGlm.Graph;
using AutoGlm.Graph.Nodes;
using AutoGlm.Graph.Passes;

namespace AutoGlm.Cuda.Plan;

/// <summary>What becomes of queries and keys on their way into attention: norms of heads, then rotation.</summary>
internal sealed record HeadTransform(int Query, int Key, Rope Rope, RmsNorm? QueryNorm, RmsNorm? KeyNorm, Value RawQuery, Value RawKey);

/// <summary>
/// Nodes of a graph whose work others' kernels do: norms in the matmuls that read them, SwiGLU in the matmul that makes gate and
/// up, head norms and rotation in the kernel that stores keys and values. A node moves so only to where what it reads is still there.
/// </summary>
internal sealed class Fusions
{
    private readonly ComputationGraph _graph;
    private readonly MemoryPlan _memory;
    private readonly Func<Weight, bool> _gates;
    private readonly Func<Weight, bool> _normed;
    private readonly List<int>[] _readers;
    private readonly HashSet<int> _absorbed = [];
    private readonly Dictionary<int, int> _gatedOf = [];
    private readonly Dictionary<int, int> _matMulOf = [];
    private readonly Dictionary<int, HeadTransform> _transforms = [];
    private readonly HashSet<int> _norms = [];

    /// <param name="graph">The graph.</param>
    /// <param name="heads">True to fuse norms and rotations of heads.</param>
    /// <param name="gates">True for a matrix whose products can gate what they make.</param>
    /// <param name="norms">True for a matrix whose products can norm what they read.</param>
    public Fusions(ComputationGraph graph, bool heads, Func<Weight, bool> gates, Func<Weight, bool> norms)
    {
        _graph = graph;
        (_gates, _normed) = (gates, norms);
        _memory = MemoryPlan.For(graph);
        _readers = [.. graph.Nodes.Select(_ => new List<int>())];
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            foreach (Value input in graph.Nodes[i].Inputs) _readers[input.Index].Add(i);
        }

        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (graph.Nodes[i] is Gated gated) TryGate(i, gated);
        }

        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (heads && graph.Nodes[i] is Attention attention) TryTransform(i, attention);
            if (graph.Nodes[i] is RmsNorm norm) TryNorm(i, norm);
        }
    }

    /// <summary>Matrices of gate and up rows that one product takes together.</summary>
    public IEnumerable<Weight> GatedWeights => _gatedOf.Keys.Select(index => ((MatMul)_graph.Nodes[index]).W);

    /// <summary>True where another node's kernel does a node's work.</summary>
    public bool IsAbsorbed(int node) => _absorbed.Contains(node);

    /// <summary>The matmul that does a gate's work; null for none.</summary>
    public MatMul? MatMulOf(int gated) => _matMulOf.TryGetValue(gated, out int matMul) ? (MatMul)_graph.Nodes[matMul] : null;

    /// <summary>The norm that a matmul does; null for none.</summary>
    public RmsNorm? NormOf(Value x) => _norms.Contains(x.Index) ? (RmsNorm)_graph[x] : null;

    /// <summary>What an attention's store does with queries and keys; null for nothing.</summary>
    public HeadTransform? TransformOf(int attention) => _transforms.GetValueOrDefault(attention);

    private void TryGate(int index, Gated gated)
    {
        if (gated.Kind != ActivationKind.Silu || SliceOf(gated.A, index) is not { } a || SliceOf(gated.B, index) is not { } b || a.X != b.X) return;
        int source = a.X.Index;
        bool halves = a.Offset == 0 && b.Offset == gated.Width && _graph.Nodes[source].Width == 2 * gated.Width;
        if (!halves || _graph.Nodes[source] is not MatMul { Addend: null, Bias: null } matMul || _readers[source].Count != 2 || !_gates(matMul.W)) return;
        if (Enumerable.Range(source + 1, index - source - 1).Any(node => node != gated.A.Index && node != gated.B.Index && !IsView(node))) return;
        _absorbed.UnionWith([source, gated.A.Index, gated.B.Index]);
        _gatedOf[source] = index;
        _matMulOf[index] = source;
    }

    private Slice? SliceOf(Value value, int reader) => _graph[value] is Slice { Groups: 1 } slice && IsReadBy(value, reader) ? slice : null;

    private void TryNorm(int index, RmsNorm norm)
    {
        List<int> readers = _readers[index];
        bool whole = norm.GroupSize == norm.Width && index != _graph.Output.Index && readers.Count > 0;
        if (_absorbed.Contains(index) || !whole) return;
        if (readers.Any(reader => _graph.Nodes[reader] is not MatMul matMul || matMul.X.Index != index || matMul.Addend?.Index == index || !_normed(matMul.W))) return;
        int last = readers.Max(reader => _gatedOf.GetValueOrDefault(reader, reader));
        // The rows are normed before the first matmul where it does not norm them itself.
        if (IsKept(norm.X, index, last, includingLast: true, []) && IsKept(new Value(index), index, last, includingLast: true, [])) _norms.Add(index);
        if (_norms.Contains(index)) _absorbed.Add(index);
    }

    private void TryTransform(int index, Attention attention)
    {
        AttentionShape shape = attention.Shape;
        if (RopeOf(attention.Q, index) is not { } q || RopeOf(attention.K, index) is not { } k || attention.V is not { } v) return;
        if (!ReferenceEquals(q.Table, k.Table) || q.HeadSize != shape.KeySize || k.HeadSize != shape.KeySize) return;
        (Value rawQuery, RmsNorm? queryNorm) = HeadNorm(q.X, attention.Q.Index, shape.KeySize);
        (Value rawKey, RmsNorm? keyNorm) = HeadNorm(k.X, attention.K.Index, shape.KeySize);
        if (queryNorm is not null && keyNorm is not null && queryNorm.Epsilon != keyNorm.Epsilon) return;
        int[] moved = [attention.Q.Index, attention.K.Index, .. queryNorm is null ? [] : new[] { q.X.Index }, .. keyNorm is null ? [] : new[] { k.X.Index }];
        if (!IsKept(rawQuery, moved.Min(), index, includingLast: false, moved) || !IsKept(rawKey, moved.Min(), index, includingLast: false, moved)) return;
        if (Overlap(attention.Q, rawKey) || Overlap(attention.Q, v) || (Overlap(attention.Q, rawQuery) && !IsSamePlace(attention.Q, rawQuery))) return;
        _absorbed.UnionWith(moved);
        _transforms[index] = new HeadTransform(attention.Q.Index, attention.K.Index, q, queryNorm, keyNorm, rawQuery, rawKey);
    }

    private Rope? RopeOf(Value value, int reader) => _graph[value] is Rope rope && IsReadBy(value, reader) ? rope : null;

    private (Value Raw, RmsNorm? Norm) HeadNorm(Value value, int reader, int headSize) =>
        _graph[value] is RmsNorm norm && norm.GroupSize == headSize && IsReadBy(value, reader) ? (norm.X, norm) : (value, null);

    private bool IsReadBy(Value value, int reader) => _readers[value.Index] is [var only] && only == reader && value != _graph.Output;

    /// <summary>True where nothing is written over a value after one node and up to another, but by those that move.</summary>
    private bool IsKept(Value value, int first, int last, bool includingLast, int[] moved)
    {
        for (int i = first; i < last + (includingLast ? 1 : 0); i++)
        {
            bool writes = !IsView(i) && !_absorbed.Contains(i) && !moved.Contains(i);
            if (i != value.Index && (writes || _matMulOf.ContainsKey(i)) && Overlap(new Value(i), value)) return false;
            if (_transforms.TryGetValue(i, out HeadTransform? transform) && Overlap(new Value(transform.Query), value)) return false;
        }

        return true;
    }

    /// <summary>True for a value that lies in another, so that nothing is queued for it.</summary>
    private bool IsView(int node) =>
        _graph.Nodes[node].View is { } view && _memory[new Value(node)] == _memory[view.Of] with { Column = _memory[view.Of].Column + view.Column };

    private bool IsSamePlace(Value a, Value b) => _memory[a] == _memory[b];

    private bool Overlap(Value a, Value b)
    {
        (Placement one, Placement other) = (_memory[a], _memory[b]);
        if (one.Buffer != other.Buffer) return false;
        if (one.RowWidth != other.RowWidth) return true;
        return one.Column < other.Column + _graph[b].Width && other.Column < one.Column + _graph[a].Width;
    }
}
