namespace AutoGlm.Formats.Chat.Values;

/// <summary>A Python dictionary: keys in the order of their first insertion.</summary>
internal sealed class DictValue : TemplateValue
{
    private static readonly object s_none = new();

    private readonly OrderedDictionary<object, object?> _entries;
    private readonly Extent _extent = new();

    public DictValue(IEnumerable<KeyValuePair<object?, object?>> entries)
    {
        _entries = new OrderedDictionary<object, object?>(KeyComparer.Instance);
        foreach ((object? key, object? value) in entries)
        {
            CheckHashable(key);
            _entries[key ?? s_none] = value;
        }

        foreach ((object key, object? value) in _entries)
        {
            _extent.Add(key);
            _extent.Add(value);
        }

        _extent.Check();
    }

    public override string TypeName => "dict";

    public override long Weight => _extent.Weight;

    public override int Depth => _extent.Depth;

    public int Count => _entries.Count;

    public IEnumerable<object?> Keys => _entries.Keys.Select(Decode);

    public IEnumerable<KeyValuePair<object?, object?>> Entries =>
        _entries.Select(entry => new KeyValuePair<object?, object?>(Decode(entry.Key), entry.Value));

    public bool TryGet(object? key, out object? value)
    {
        CheckHashable(key);
        return _entries.TryGetValue(key ?? s_none, out value);
    }

    public static bool IsHashable(object? key) =>
        key is not (ListValue or DictValue) && (key is not TupleValue tuple || tuple.Items.All(IsHashable));

    public static void CheckHashable(object? key)
    {
        if (!IsHashable(key)) throw TemplateError.Value($"unhashable type: '{Types.NameOf(key)}'");
    }

    private static object? Decode(object key) => ReferenceEquals(key, s_none) ? null : key;

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? left, object? right) => Comparison.AreEqual(left, right);

        public int GetHashCode(object key) => Comparison.HashOf(key);
    }
}
