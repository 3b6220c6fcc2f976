namespace AutoGlm.KvCache;

/// <summary>A list of block ids, oldest first, in two arrays of links: adding and taking out anywhere allocates nothing.</summary>
internal sealed class BlockList
{
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int _head;

    /// <param name="blocks">Ids are 0 to <paramref name="blocks"/> - 1.</param>
    public BlockList(int blocks)
    {
        _next = new int[blocks + 1];
        _previous = new int[blocks + 1];
        _head = blocks;
        _next[_head] = _previous[_head] = _head;
    }

    public int Count { get; private set; }

    /// <summary>The oldest block; the list must not be empty.</summary>
    public int Oldest => Count > 0 ? _next[_head] : throw new InvalidOperationException("The block list is empty.");

    public void Append(int block)
    {
        (_next[block], _previous[block]) = (_head, _previous[_head]);
        _next[_previous[_head]] = block;
        _previous[_head] = block;
        Count++;
    }

    public void Remove(int block)
    {
        _next[_previous[block]] = _next[block];
        _previous[_next[block]] = _previous[block];
        Count--;
    }
}
