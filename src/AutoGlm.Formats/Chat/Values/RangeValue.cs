using System.Numerics;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>What range() gives; as in Jinja's sandbox it holds at most 100,000 numbers.</summary>
internal sealed class RangeValue : SequenceValue
{
    public const int MaxLength = 100_000;

    private RangeValue(BigInteger start, BigInteger stop, BigInteger step, object?[] items)
        : base(items)
    {
        Text = step.IsOne ? $"range({start}, {stop})" : $"range({start}, {stop}, {step})";
    }

    public override string TypeName => "range";

    /// <summary>The range as Python prints it.</summary>
    public string Text { get; }

    public static RangeValue Create(BigInteger start, BigInteger stop, BigInteger step)
    {
        if (step.IsZero) throw TemplateError.Value("range() arg 3 must not be zero");
        BigInteger span = step.Sign > 0 ? stop - start : start - stop;
        BigInteger size = BigInteger.Abs(step);
        BigInteger length = span.Sign <= 0 ? 0 : (span + size - 1) / size;
        if (length > MaxLength) throw TemplateError.Limit($"a range of {length} numbers is larger than {MaxLength}");
        var items = new object?[(int)length];
        for (int i = 0; i < items.Length; i++) items[i] = start + step * i;
        return new RangeValue(start, stop, step, items);
    }
}
