namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>Counts a rendering's work against its limits.</summary>
internal sealed class Meter(ChatTemplateLimits limits)
{
    private const int CharactersPerStep = 8;

    private long _left = limits.MaxSteps;

    public int MaxTextLength => limits.MaxTextLength;

    public void Charge(long steps)
    {
        if (steps > _left) throw TemplateError.Limit($"the template takes over {limits.MaxSteps} steps");
        _left -= steps;
    }

    /// <summary>Charges a string that is about to be made.</summary>
    public void ChargeText(long length)
    {
        if (length > limits.MaxTextLength) throw TemplateError.Limit($"a string is longer than {limits.MaxTextLength} characters");
        Charge(1 + length / CharactersPerStep);
    }

    /// <summary>Charges a list or dictionary that is about to be made.</summary>
    public void ChargeItems(long count)
    {
        if (count > limits.MaxItems) throw TemplateError.Limit($"a list or dictionary holds over {limits.MaxItems} items");
        Charge(1 + 2 * count);
    }
}
