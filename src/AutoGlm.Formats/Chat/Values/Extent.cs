namespace AutoGlm.Formats.Chat.Values;

/// <summary>Adds up the weight and depth of what a container holds.</summary>
internal struct Extent
{
    public Extent()
    {
    }

    public long Weight { get; private set; } = 1;

    public int Depth { get; private set; } = 1;

    public void Add(object? value)
    {
        long weight = TemplateValue.WeightOf(value);
        Weight = Weight > long.MaxValue - weight ? long.MaxValue : Weight + weight;
        if (value is TemplateValue inner && inner.Depth >= Depth) Depth = inner.Depth + 1;
    }

    public readonly void Check()
    {
        if (Depth > SequenceValue.MaxDepth) throw TemplateError.Limit($"lists and dictionaries nest over {SequenceValue.MaxDepth} deep");
    }
}
