using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>Going through a value's items.</summary>
internal static class Iteration
{
    /// <summary>What a for loop over the value sees, charged; an iterator is used up.</summary>
    public static IReadOnlyList<object?> Items(RenderContext context, object? value)
    {
        IReadOnlyList<object?> items = SafeText.Plain(value) switch
        {
            string text => Characters(context, text),
            SequenceValue sequence => sequence.Items,
            DictValue dictionary => [.. dictionary.Keys],
            IteratorValue iterator => iterator.TakeRest(),
            UndefinedValue => [],
            _ => throw TemplateError.Value($"'{Types.NameOf(value)}' object is not iterable"),
        };
        context.Meter.ChargeItems(items.Count);
        return items;
    }

    public static bool IsIterable(object? value) =>
        value is string or SafeText or SequenceValue or DictValue or IteratorValue or UndefinedValue or LoopValue;

    /// <summary>len(value)</summary>
    public static int Length(RenderContext context, object? value)
    {
        switch (SafeText.Plain(value))
        {
            case string text:
                context.Meter.Charge(1 + text.Length / 8);
                return PythonText.Length(text);
            case SequenceValue sequence: return sequence.Items.Count;
            case DictValue dictionary: return dictionary.Count;
            case LoopValue loop: return loop.Length;
            case UndefinedValue: return 0;
            default: throw TemplateError.Value($"object of type '{Types.NameOf(value)}' has no len()");
        }
    }

    /// <summary><c>item in container</c></summary>
    public static bool Contains(RenderContext context, object? container, object? item)
    {
        item = SafeText.Plain(item);
        switch (SafeText.Plain(container))
        {
            case string text:
                if (item is UndefinedValue missing) throw missing.Error();
                if (item is not string part) throw TemplateError.Value($"'in <string>' requires string as left operand, not {Types.NameOf(item)}");
                context.Meter.Charge(1 + text.Length / 8);
                return text.Contains(part, StringComparison.Ordinal);
            case DictValue dictionary:
                context.Meter.Charge(TemplateValue.WeightOf(item));
                return dictionary.TryGet(item, out _);
            case SequenceValue sequence:
                context.Meter.Charge(sequence.Weight);
                return sequence.Items.Any(candidate => ReferenceEquals(candidate, item) || Comparison.AreEqual(candidate, item));
            case IteratorValue iterator:
                while (iterator.TryNext(out object? next))
                {
                    if (context.AreEqual(next, item)) return true;
                }

                return false;
            case UndefinedValue: return false;
            default: throw TemplateError.Value($"argument of type '{Types.NameOf(container)}' is not iterable");
        }
    }

    private static string[] Characters(RenderContext context, string text)
    {
        context.Meter.ChargeItems(text.Length);
        return PythonText.Characters(text);
    }
}
