namespace AutoGlm.Formats.Chat.Values;

/// <summary>Values in order: a list, tuple, range or view of a dictionary.</summary>
internal abstract class SequenceValue : TemplateValue
{
    /// <summary>Deepest nesting of lists and dictionaries, so that walking through a value cannot overflow the stack.</summary>
    public const int MaxDepth = 256;

    private readonly Extent _extent;

    protected SequenceValue(IReadOnlyList<object?> items)
    {
        Items = items;
        _extent = new Extent();
        foreach (object? item in items) _extent.Add(item);
        _extent.Check();
    }

    public IReadOnlyList<object?> Items { get; }

    public override long Weight => _extent.Weight;

    public override int Depth => _extent.Depth;

    /// <summary>A sequence of the same type with other items; ranges and views give a list.</summary>
    public virtual SequenceValue With(IReadOnlyList<object?> items) => new ListValue(items);
}

internal sealed class ListValue(IReadOnlyList<object?> items) : SequenceValue(items)
{
    public override string TypeName => "list";
}

/// <summary>A tuple; a named one has names for its items.</summary>
internal sealed class TupleValue(IReadOnlyList<object?> items, params string[] fieldNames) : SequenceValue(items)
{
    public bool TryGetField(string name, out object? value)
    {
        int index = Array.IndexOf(fieldNames, name);
        value = index >= 0 ? Items[index] : null;
        return index >= 0;
    }

    public override string TypeName => "tuple";

    public override SequenceValue With(IReadOnlyList<object?> items) => new TupleValue(items);
}

/// <summary>What a dictionary's keys(), values() or items() gives: it iterates and has a length, but no item by index.</summary>
internal sealed class DictViewValue(string typeName, IReadOnlyList<object?> items) : SequenceValue(items)
{
    public override string TypeName => typeName;
}
