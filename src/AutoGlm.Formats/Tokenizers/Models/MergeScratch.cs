namespace AutoGlm.Formats.Tokenizers;

/// <summary>
/// The symbols of one piece while they merge: <see cref="Ids"/> and <see cref="Starts"/> of each. <see cref="Run"/>
/// leaves the symbols that remain at the front and their count in <see cref="Count"/>.
/// </summary>
/// <remarks>A short piece merges in place; a long one by a heap over a linked list, in O(n log n).</remarks>
internal sealed class MergeScratch
{
    private const int ShortPiece = 40;
    private const int KeptCapacity = 1 << 14;

    private int[] _next = new int[64];
    private int[] _previous = new int[64];
    private uint[] _ranks = new uint[64];
    private int[] _merged = new int[64];
    private ulong[] _heap = [];
    private int _heapCount;

    public int[] Ids { get; private set; } = new int[64];

    /// <summary>Offset of each symbol's first byte; entry <see cref="Count"/> is the end of the piece.</summary>
    public int[] Starts { get; private set; } = new int[64];

    public int Count { get; private set; }

    /// <summary>Makes room for the symbols of a piece of so many bytes.</summary>
    public void Begin(int bytes)
    {
        Count = 0;
        if (bytes + 1 <= Ids.Length) return;
        int size = Math.Max(bytes + 1, Ids.Length * 2);
        (Ids, Starts) = (new int[size], new int[size]);
        (_next, _previous, _ranks, _merged) = (new int[size], new int[size], new uint[size], new int[size]);
    }

    public void Add(int id, int start)
    {
        Ids[Count] = id;
        Starts[Count++] = start;
    }

    /// <summary>Lets go of what one very long piece needed.</summary>
    public void Trim()
    {
        if (Ids.Length <= KeptCapacity) return;
        (Ids, Starts) = (new int[64], new int[64]);
        (_next, _previous, _ranks, _merged, _heap) = (new int[64], new int[64], new uint[64], new int[64], []);
    }

    public void Run<TRule>(TRule rule, ReadOnlySpan<byte> piece)
        where TRule : struct, IMergeRule
    {
        Starts[Count] = piece.Length;
        if (Count <= ShortPiece) RunShort(rule, piece);
        else RunLong(rule, piece);
    }

    private void RunShort<TRule>(TRule rule, ReadOnlySpan<byte> piece)
        where TRule : struct, IMergeRule
    {
        int count = Count;
        int[] ids = Ids, starts = Starts, merged = _merged;
        uint[] ranks = _ranks;
        for (int i = 0; i + 1 < count; i++) Rate(rule, piece, i, i + 1, starts[i + 2]);
        while (count > 1)
        {
            int best = -1;
            uint least = uint.MaxValue;
            for (int i = 0; i + 1 < count; i++)
            {
                if (merged[i] >= 0 && (best < 0 || ranks[i] < least)) (best, least) = (i, ranks[i]);
            }

            if (best < 0) break;
            ids[best] = merged[best];
            count--;
            for (int i = best + 1; i < count; i++)
            {
                ids[i] = ids[i + 1];
                starts[i] = starts[i + 1];
                ranks[i] = ranks[i + 1];
                merged[i] = merged[i + 1];
            }

            starts[count] = starts[count + 1];
            if (best > 0) Rate(rule, piece, best - 1, best, starts[best + 1]);
            if (best + 1 < count) Rate(rule, piece, best, best + 1, starts[best + 2]);
        }

        Count = count;
    }

    /// <summary>Finds what the symbol at one index and its right neighbour, which ends at a byte offset, become.</summary>
    private void Rate<TRule>(TRule rule, ReadOnlySpan<byte> piece, int left, int right, int end)
        where TRule : struct, IMergeRule
    {
        int start = Starts[left];
        bool merges = rule.TryMerge(Ids[left], Ids[right], piece[start..end], out _ranks[left], out int merged);
        _merged[left] = merges ? merged : -1;
    }

    private void RunLong<TRule>(TRule rule, ReadOnlySpan<byte> piece)
        where TRule : struct, IMergeRule
    {
        int count = Count;
        if (_heap.Length < count) _heap = new ulong[count * 2];
        _heapCount = 0;
        for (int i = 0; i < count; i++)
        {
            _next[i] = i + 1;
            _previous[i] = i - 1;
            _merged[i] = -1;
            if (i + 1 == count) break;
            Rate(rule, piece, i, i + 1, Starts[i + 2]);
            if (_merged[i] >= 0) _heap[_heapCount++] = Key(i);
        }

        for (int i = _heapCount / 2; i >= 0; i--) SiftDown(i);
        while (_heapCount > 0)
        {
            ulong key = _heap[0];
            _heap[0] = _heap[--_heapCount];
            SiftDown(0);
            int left = (int)(uint)key;
            // An entry is out of date where its pair has since changed; a pair that changed was entered anew.
            if (_merged[left] < 0 || _ranks[left] != (uint)(key >> 32)) continue;
            MergeAt(rule, piece, left, count);
        }

        Compact(count);
    }

    private void MergeAt<TRule>(TRule rule, ReadOnlySpan<byte> piece, int left, int count)
        where TRule : struct, IMergeRule
    {
        int gone = _next[left];
        int right = _next[gone];
        Ids[left] = _merged[left];
        _merged[gone] = -1;
        _merged[left] = -1;
        _next[left] = right;
        if (right < count)
        {
            _previous[right] = left;
            Rate(rule, piece, left, right, Starts[_next[right]]);
            if (_merged[left] >= 0) Push(Key(left));
        }

        int before = _previous[left];
        if (before < 0) return;
        Rate(rule, piece, before, left, Starts[right]);
        if (_merged[before] >= 0) Push(Key(before));
    }

    private void Compact(int count)
    {
        int kept = 0;
        for (int i = 0; i < count; i = _next[i])
        {
            Ids[kept] = Ids[i];
            Starts[kept++] = Starts[i];
        }

        Starts[kept] = Starts[count];
        Count = kept;
    }

    private ulong Key(int left) => (ulong)_ranks[left] << 32 | (uint)left;

    private void Push(ulong key)
    {
        if (_heapCount == _heap.Length) Array.Resize(ref _heap, _heap.Length * 2);
        int at = _heapCount++;
        while (at > 0 && _heap[(at - 1) / 2] > key)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = key;
    }

    private void SiftDown(int at)
    {
        if (at >= _heapCount) return;
        ulong key = _heap[at];
        while (true)
        {
            int child = 2 * at + 1;
            if (child >= _heapCount) break;
            if (child + 1 < _heapCount && _heap[child + 1] < _heap[child]) child++;
            if (_heap[child] >= key) break;
            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = key;
    }
}
