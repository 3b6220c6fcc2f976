namespace AutoGlm.Formats.Chat.Values;

/// <summary>What namespace() gives: the one thing a template can change, so that loops can hand values out.</summary>
internal sealed class NamespaceValue(DictValue initial) : TemplateValue
{
    private readonly Dictionary<string, object?> _attributes =
        initial.Entries.Where(entry => entry.Key is string).ToDictionary(entry => (string)entry.Key!, entry => entry.Value);

    public override string TypeName => "Namespace";

    public bool TryGet(string name, out object? value) => _attributes.TryGetValue(name, out value);

    public void Set(string name, object? value) => _attributes[name] = value;
}
