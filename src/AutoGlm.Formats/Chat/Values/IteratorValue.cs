namespace AutoGlm.Formats.Chat.Values;

/// <summary>
/// What filters such as map and select give: values that can be gone through once. They are computed when the filter runs,
/// so that chains of filters cannot nest without bound.
/// </summary>
internal sealed class IteratorValue(IReadOnlyList<object?> items, string typeName = "generator") : TemplateValue
{
    private int _next;

    public override string TypeName => typeName;

    public bool TryNext(out object? item)
    {
        bool found = _next < items.Count;
        item = found ? items[_next++] : null;
        return found;
    }

    /// <summary>Takes all that is left.</summary>
    public IReadOnlyList<object?> TakeRest()
    {
        IReadOnlyList<object?> rest = _next == 0 ? items : [.. items.Skip(_next)];
        _next = items.Count;
        return rest;
    }
}
