using System.Numerics;
using AutoGlm.Formats.Chat.Builtins;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>Attributes, items and slices of values, in the order in which Jinja's sandbox looks for them.</summary>
internal static class Members
{
    /// <summary><c>owner.name</c>: a method or attribute first, then an item.</summary>
    public static object? Attribute(RenderContext context, object? owner, string name)
    {
        if (owner is UndefinedValue missing) throw missing.Error();
        return TryOwn(owner, name, out object? value) || TryItem(context, owner, name, out value) ? value : UndefinedValue.Member(owner, name);
    }

    /// <summary>What the filter attr gives: a method or attribute, never an item.</summary>
    public static object? AttributeOnly(object? owner, string name)
    {
        if (owner is UndefinedValue missing) throw missing.Error();
        return TryOwn(owner, name, out object? value) ? value : UndefinedValue.Member(owner, name);
    }

    /// <summary><c>owner[index]</c>: an item first, then, for a string, a method or attribute.</summary>
    public static object? Item(RenderContext context, object? owner, object? index)
    {
        if (owner is UndefinedValue missing) throw missing.Error();
        index = SafeText.Plain(index);
        if (owner is SafeText safe && Types.IsInteger(index, out _)) return SafeText.Wrap(Item(context, safe.Text, index));
        if (TryItem(context, owner, index, out object? item)) return item;
        return index is string name && TryOwn(owner, name, out item) ? item : UndefinedValue.Member(owner, index);
    }

    /// <summary><c>owner[start:stop:step]</c>; undefined where the owner has no slices.</summary>
    public static object? Slice(RenderContext context, object? owner, object? start, object? stop, object? step)
    {
        if (owner is UndefinedValue missing) throw missing.Error();
        if (owner is SafeText safe) return SafeText.Wrap(Slice(context, safe.Text, start, stop, step));
        var slice = new SliceBounds(start, stop, step);
        if (!slice.IsValid || owner is not (string or ListValue or TupleValue or RangeValue)) return UndefinedValue.Member(owner, "slice");
        if (owner is SequenceValue sequence)
        {
            int[] indices = slice.Indices(sequence.Items.Count);
            context.Meter.ChargeItems(indices.Length);
            return sequence.With(Array.ConvertAll(indices, index => sequence.Items[index]));
        }

        return SliceText(context, (string)owner, slice);
    }

    /// <summary>A method or attribute of the value's type.</summary>
    private static bool TryOwn(object? owner, string name, out object? value)
    {
        value = null;
        if (owner is NamespaceValue space) return space.TryGet(name, out value);
        if (name.StartsWith("__", StringComparison.Ordinal) && owner is not DictValue) return Found(UndefinedValue.Unsafe(owner, name), out value);
        if (owner is TupleValue tuple && tuple.TryGetField(name, out value)) return true;
        if (owner is LoopValue loop) return Found(loop.Attribute(name), out value);
        value = owner switch
        {
            string text => StringMethods.Find(text, name),
            SafeText safe => SafeTextMethods.Find(safe, name),
            DictValue dictionary => DictMethods.Find(dictionary, name),
            ListValue or TupleValue => SequenceMethods.Find((SequenceValue)owner, name),
            MacroValue macro when name == "name" => macro.Definition.Name,
            double number when name == "is_integer" => new FunctionValue(name, (_, _) => double.IsInteger(number)),
            _ => null,
        };
        return value is not null;
    }

    private static bool TryItem(RenderContext context, object? owner, object? index, out object? item)
    {
        item = null;
        switch (owner)
        {
            case DictValue dictionary:
                if (!DictValue.IsHashable(index)) return false;
                context.Meter.Charge(TemplateValue.WeightOf(index));
                return dictionary.TryGet(index, out item);
            case SequenceValue sequence and not DictViewValue when Types.IsInteger(index, out BigInteger number):
                return TryIndex(number, sequence.Items.Count, out int at) && Found(sequence.Items[at], out item);
            case string text when Types.IsInteger(index, out BigInteger number):
                context.Meter.Charge(1 + text.Length / 8);
                if (!TryIndex(number, PythonText.Length(text), out int character)) return false;
                int offset = PythonText.Offset(text, character);
                return Found(text.Substring(offset, PythonText.UnitsAt(text, offset)), out item);
            default: return false;
        }
    }

    private static bool Found(object? value, out object? item)
    {
        item = value;
        return true;
    }

    private static bool TryIndex(BigInteger number, int length, out int index)
    {
        if (number.Sign < 0) number += length;
        bool inside = number.Sign >= 0 && number < length;
        index = inside ? (int)number : 0;
        return inside;
    }

    private static string SliceText(RenderContext context, string text, SliceBounds slice)
    {
        context.Meter.Charge(1 + text.Length / 8);
        int length = PythonText.Length(text);
        if (slice.TryRun(length, out int start, out int count))
        {
            int first = PythonText.Offset(text, start);
            int last = PythonText.Offset(text, start + count);
            return context.Text(text[first..last]);
        }

        context.Meter.ChargeItems(text.Length);
        string[] characters = PythonText.Characters(text);
        return context.Text(string.Concat(slice.Indices(length).Select(index => characters[index])));
    }
}
