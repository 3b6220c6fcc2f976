namespace AutoGlm.Engine.Scheduling;

/// <summary>Sequences in their order: by <see cref="Sequence.Order"/>, and where that is the same, as they came.</summary>
internal sealed class OrderedSequences
{
    private readonly List<Sequence> _items = [];

    public int Count => _items.Count;

    public Sequence this[int index] => _items[index];

    public void Add(Sequence sequence)
    {
        int low = 0, high = _items.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_items[middle].Order <= sequence.Order) low = middle + 1;
            else high = middle;
        }

        _items.Insert(low, sequence);
    }

    public void RemoveAt(int index) => _items.RemoveAt(index);

    public bool Remove(Sequence sequence) => _items.Remove(sequence);

    public void Clear() => _items.Clear();
}
