namespace AutoGlm.Engine.Constraints.Tokens;

/// <summary>
/// The bytes of a vocabulary's tokens as a trie in preorder: a node's descendants are the nodes after it up to its end, so that
/// a walk is one pass over arrays. Node 0 is the root. Immutable.
/// </summary>
internal sealed class TokenTrie
{
    private readonly int[] _firstToken;
    private readonly int[] _tokens;

    /// <param name="tokens">Ids and their bytes, none of them empty.</param>
    public TokenTrie(IEnumerable<(int Id, byte[] Bytes)> tokens)
    {
        (int Id, byte[] Bytes)[] sorted = [.. tokens];
        Array.Sort(sorted, (left, right) => left.Bytes.AsSpan().SequenceCompareTo(right.Bytes) is var order && order != 0 ? order : left.Id - right.Id);
        List<byte> labels = [0];
        List<ushort> depths = [0];
        List<int> ends = [0], firstTokens = [0];
        List<int> path = [0];
        _tokens = new int[sorted.Length];
        byte[] previous = [];
        for (int i = 0; i < sorted.Length; i++)
        {
            (_tokens[i], byte[] bytes) = sorted[i];
            int shared = previous.AsSpan().CommonPrefixLength(bytes);
            Close(shared);
            for (int depth = shared; depth < bytes.Length; depth++)
            {
                path.Add(labels.Count);
                labels.Add(bytes[depth]);
                depths.Add(checked((ushort)(depth + 1)));
                ends.Add(0);
                firstTokens.Add(i);
            }

            previous = bytes;
        }

        Close(-1);
        firstTokens.Add(sorted.Length);
        (Labels, Depths, Ends, _firstToken) = ([.. labels], [.. depths], [.. ends], [.. firstTokens]);
        LongestToken = Depths.Max();

        void Close(int depth)
        {
            for (; path.Count - 1 > depth; path.RemoveAt(path.Count - 1)) ends[path[^1]] = labels.Count;
        }
    }

    /// <summary>By node: the byte that leads to it.</summary>
    public byte[] Labels { get; }

    /// <summary>By node: bytes from the root.</summary>
    public ushort[] Depths { get; }

    /// <summary>By node: the first node after its descendants.</summary>
    public int[] Ends { get; }

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken { get; }

    public int NodeCount => Labels.Length;

    /// <summary>Tokens whose bytes lead to a node and no further.</summary>
    public ReadOnlySpan<int> Tokens(int node) => _tokens.AsSpan(_firstToken[node], _firstToken[node + 1] - _firstToken[node]);

    /// <summary>Tokens of a node and all its descendants.</summary>
    public ReadOnlySpan<int> TokensUnder(int node) => _tokens.AsSpan(_firstToken[node], _firstToken[Ends[node]] - _firstToken[node]);
}
