using AutoGlm.Graph.Nodes;

namespace AutoGlm.Graph.Passes;

/// <summary>
/// Which values lie in the same memory: a view in what it looks at, a result in the input it overwrites. A result overwrites
/// an input only where nothing that is read later shares its columns.
/// </summary>
internal sealed class ValueStorage
{
    private readonly ComputationGraph _graph;
    private readonly int[] _root, _column, _lastRead;
    private readonly Dictionary<int, List<int>> _members = [];
    private readonly HashSet<int> _whole;

    private ValueStorage(ComputationGraph graph)
    {
        _graph = graph;
        _root = new int[graph.Nodes.Count];
        _column = new int[graph.Nodes.Count];
        _lastRead = new int[graph.Nodes.Count];
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            _lastRead[i] = i;
            foreach (Value input in graph.Nodes[i].Inputs) _lastRead[input.Index] = i;
        }

        _lastRead[graph.Output.Index] = int.MaxValue;
        _whole = OutputChain(graph);
    }

    public static ValueStorage For(ComputationGraph graph)
    {
        ValueStorage storage = new(graph);
        for (int i = 0; i < graph.Nodes.Count; i++) storage.Place(i);
        return storage;
    }

    /// <summary>The first value in the same memory.</summary>
    public int RootOf(int value) => _root[value];

    /// <summary>Its first column there.</summary>
    public int ColumnOf(int value) => _column[value];

    /// <summary>Roots of the memory that nobody reads any more once a node has run.</summary>
    public List<int> EndedAt(int node)
    {
        List<int> ended = [];
        foreach (Value input in _graph.Nodes[node].Inputs) AddIfEnded(_root[input.Index]);
        AddIfEnded(_root[node]);
        return ended;

        void AddIfEnded(int root)
        {
            if (!ended.Contains(root) && _members[root].TrueForAll(member => _lastRead[member] <= node)) ended.Add(root);
        }
    }

    private void Place(int node)
    {
        bool ownMemory = _whole.Contains(node);
        (_root[node], _column[node]) =
            !ownMemory && _graph.Nodes[node].View is { } view ? (_root[view.Of.Index], _column[view.Of.Index] + view.Column)
            : Overwritten(node) is { } input && !(ownMemory && IsPartOfMore(input)) ? (_root[input], _column[input])
            : (node, 0);
        if (_root[node] == node) _members[node] = [];
        _members[_root[node]].Add(node);
    }

    /// <summary>The input whose memory a node takes over; null where it needs another.</summary>
    private int? Overwritten(int node)
    {
        if (_graph.Nodes[node].InPlace is not { } input || _lastRead[input.Index] != node || _graph.Nodes[node].Inputs.Count(read => read == input) != 1) return null;
        bool shared = _members[_root[input.Index]].Exists(member => member != input.Index && _lastRead[member] >= node && Overlap(member, input.Index));
        return shared ? null : input.Index;
    }

    private bool Overlap(int a, int b) => _column[a] < _column[b] + _graph.Nodes[b].Width && _column[b] < _column[a] + _graph.Nodes[a].Width;

    private bool IsPartOfMore(int value) => _graph.Nodes[_root[value]].Width != _graph.Nodes[value].Width;

    /// <summary>The output and what it may overwrite: these are not views, since the caller gives the output's memory, as wide as itself.</summary>
    private static HashSet<int> OutputChain(ComputationGraph graph)
    {
        HashSet<int> chain = [];
        for (Value? value = graph.Output; value is { } link; value = graph[link].InPlace) chain.Add(link.Index);
        return chain;
    }
}
