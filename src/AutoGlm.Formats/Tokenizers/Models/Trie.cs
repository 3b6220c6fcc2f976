namespace AutoGlm.Formats.Tokenizers;

/// <summary>Byte strings with a value each, walked byte by byte: finds every one that begins at a place in one pass.</summary>
internal sealed class Trie
{
    private const int Root = 0;
    private readonly List<int> _values = [-1];
    private int[] _children = new int[64];
    private ulong[] _edges = new ulong[64];
    private int _edgeCount;

    public int MaximumLength { get; private set; }

    /// <summary>Adds a string; of several values for one string the first counts.</summary>
    /// <param name="value">Not negative.</param>
    public void Add(ReadOnlySpan<byte> text, int value)
    {
        int node = Root;
        foreach (byte b in text) node = Child(node, b) is > 0 and int known ? known : AddChild(node, b);
        if (node != Root && _values[node] < 0) _values[node] = value;
        MaximumLength = Math.Max(MaximumLength, text.Length);
    }

    /// <summary>The node after one more byte from a node (0: the root), or -1.</summary>
    public int Child(int node, byte b)
    {
        ulong edge = Edge(node, b);
        uint slot = Slot(edge);
        return _edges[slot] == edge ? _children[slot] : -1;
    }

    /// <summary>The value of the string that ends at a node, or -1.</summary>
    public int Value(int node) => _values[node];

    /// <summary>The longest string that begins the text: its value and length; -1 where none does.</summary>
    public int Longest(ReadOnlySpan<byte> text, out int length)
    {
        int best = -1;
        int node = Root;
        length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            node = Child(node, text[i]);
            if (node < 0) break;
            if (_values[node] < 0) continue;
            best = _values[node];
            length = i + 1;
        }

        return best;
    }

    // An edge is its node and byte; plus one, so that no edge is zero, the mark of a free slot.
    private static ulong Edge(int node, byte b) => ((ulong)(uint)node << 8 | b) + 1;

    private uint Slot(ulong edge)
    {
        uint mask = (uint)_edges.Length - 1;
        uint slot = ByteHash.Of(edge) & mask;
        while (_edges[slot] != edge && _edges[slot] != 0) slot = (slot + 1) & mask;
        return slot;
    }

    private int AddChild(int node, byte b)
    {
        if (_edgeCount * 2 >= _edges.Length) Grow();
        int child = _values.Count;
        _values.Add(-1);
        uint slot = Slot(Edge(node, b));
        _edges[slot] = Edge(node, b);
        _children[slot] = child;
        _edgeCount++;
        return child;
    }

    private void Grow()
    {
        (ulong[] edges, int[] children) = (_edges, _children);
        (_edges, _children) = (new ulong[edges.Length * 2], new int[edges.Length * 2]);
        for (int i = 0; i < edges.Length; i++)
        {
            if (edges[i] == 0) continue;
            uint slot = Slot(edges[i]);
            _edges[slot] = edges[i];
            _children[slot] = children[i];
        }
    }
}
