namespace AutoGlm.KvCache;

/// <summary>Blocks by rank, the lowest first; each can be taken out from anywhere. All in O(log n), without allocation.</summary>
/// <param name="blocks">Ids are 0 to <paramref name="blocks"/> - 1.</param>
internal sealed class BlockHeap<TRank>(int blocks)
    where TRank : struct, IComparable<TRank>
{
    private readonly int[] _heap = new int[blocks];
    private readonly int[] _placeAfter = new int[blocks];
    private readonly TRank[] _ranks = new TRank[blocks];

    public int Count { get; private set; }

    /// <summary>The block that goes first; the heap must not be empty.</summary>
    public int First => Count > 0 ? _heap[0] : throw new InvalidOperationException("The block heap is empty.");

    /// <summary>Rank of <see cref="First"/>.</summary>
    public TRank FirstRank => _ranks[First];

    public bool Contains(int block) => _placeAfter[block] > 0;

    public void Add(int block, in TRank rank)
    {
        _ranks[block] = rank;
        Put(block, Count++);
        Rise(Count - 1);
    }

    /// <summary>Takes a block out, if it is in.</summary>
    public void Remove(int block)
    {
        if (!Contains(block)) return;
        int place = _placeAfter[block] - 1;
        _placeAfter[block] = 0;
        int last = _heap[--Count];
        if (last == block) return;
        Put(last, place);
        Rise(place);
        Sink(_placeAfter[last] - 1);
    }

    private void Rise(int place)
    {
        int block = _heap[place];
        for (int parent; place > 0 && _ranks[block].CompareTo(_ranks[_heap[parent = (place - 1) / 2]]) < 0; place = parent) Put(_heap[parent], place);
        Put(block, place);
    }

    private void Sink(int place)
    {
        int block = _heap[place];
        while (true)
        {
            int child = 2 * place + 1;
            if (child >= Count) break;
            if (child + 1 < Count && _ranks[_heap[child + 1]].CompareTo(_ranks[_heap[child]]) < 0) child++;
            if (_ranks[block].CompareTo(_ranks[_heap[child]]) <= 0) break;
            Put(_heap[child], place);
            place = child;
        }

        Put(block, place);
    }

    /// <summary>Places are kept one higher, so that fresh memory says: not in.</summary>
    private void Put(int block, int place)
    {
        _heap[place] = block;
        _placeAfter[block] = place + 1;
    }
}
