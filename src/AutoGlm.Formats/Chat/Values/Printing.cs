using System.Globalization;
using System.Numerics;
using System.Text;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>str() and repr() of values. The caller has charged their weight.</summary>
internal static class Printing
{
    public static string Str(object? value, int maxLength = int.MaxValue) => value switch
    {
        string text => text,
        SafeText safe => safe.Text,
        UndefinedValue => "",
        _ => Repr(value, maxLength),
    };

    public static string Repr(object? value, int maxLength = int.MaxValue)
    {
        var text = new StringBuilder();
        AppendRepr(value, text, maxLength);
        return text.ToString();
    }

    /// <summary>repr(float): the shortest digits that read back as the same number.</summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        string shortest = value.ToString("R", CultureInfo.InvariantCulture).TrimStart('-');
        string sign = double.IsNegative(value) ? "-" : "";
        int mark = shortest.IndexOf('E');
        string mantissa = mark < 0 ? shortest : shortest[..mark];
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0) return sign + "0.0";
        int exponent = mark >= 0 ? int.Parse(shortest.AsSpan(mark + 1), CultureInfo.InvariantCulture) : PlainExponent(mantissa);
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        string whole = digits.PadRight(exponent + 1, '0');
        string rest = whole[(exponent + 1)..];
        return $"{sign}{whole[..(exponent + 1)]}.{(rest.Length > 0 ? rest : "0")}";
    }

    /// <summary>Power of ten of the first digit that is not zero.</summary>
    private static int PlainExponent(string digits)
    {
        int point = digits.IndexOf('.');
        if (digits[0] != '0') return (point < 0 ? digits.Length : point) - 1;
        return -1 - digits.AsSpan(point + 1).IndexOfAnyExcept('0');
    }

    private static void AppendRepr(object? value, StringBuilder text, int maxLength)
    {
        if (text.Length > maxLength) throw TooLong(maxLength);
        switch (value)
        {
            case null: text.Append("None"); break;
            case bool truth: text.Append(truth ? "True" : "False"); break;
            case BigInteger number: text.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: text.Append(Float(number)); break;
            case string characters: AppendQuoted(characters, text, maxLength); break;
            case ListValue list: AppendItems("[", list.Items, "]", text, maxLength); break;
            case TupleValue tuple: AppendItems("(", tuple.Items, tuple.Items.Count == 1 ? ",)" : ")", text, maxLength); break;
            case RangeValue range: text.Append(range.Text); break;
            case DictViewValue view: AppendItems(view.TypeName + "([", view.Items, "])", text, maxLength); break;
            case DictValue dictionary: AppendEntries(dictionary, text, maxLength); break;
            case UndefinedValue: text.Append("Undefined"); break;
            case SafeText safe: text.Append("Markup(" + Repr(safe.Text, maxLength) + ")"); break;
            case MacroValue macro: text.Append($"<Macro '{macro.Definition.Name}'>"); break;
            case LoopValue loop: text.Append($"<LoopContext {loop.Index + 1}/{loop.Length}>"); break;
            default: text.Append($"<{Types.NameOf(value)} object>"); break;
        }
    }

    private static TemplateError TooLong(int maxLength) => TemplateError.Limit($"a printed value is longer than {maxLength} characters");

    private static void AppendItems(string open, IReadOnlyList<object?> items, string close, StringBuilder text, int maxLength)
    {
        text.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) text.Append(", ");
            AppendRepr(items[i], text, maxLength);
        }

        text.Append(close);
    }

    private static void AppendEntries(DictValue dictionary, StringBuilder text, int maxLength)
    {
        string separator = "{";
        foreach ((object? key, object? value) in dictionary.Entries)
        {
            text.Append(separator);
            AppendRepr(key, text, maxLength);
            text.Append(": ");
            AppendRepr(value, text, maxLength);
            separator = ", ";
        }

        text.Append(dictionary.Count == 0 ? "{}" : "}");
    }

    private static void AppendQuoted(string characters, StringBuilder text, int maxLength)
    {
        char quote = characters.Contains('\'') && !characters.Contains('"') ? '"' : '\'';
        text.Append(quote);
        for (int i = 0; i < characters.Length;)
        {
            if (text.Length > maxLength) throw TooLong(maxLength);
            if (!Rune.TryGetRuneAt(characters, i, out Rune rune))
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)characters[i++]:x4}");
                continue;
            }

            i += rune.Utf16SequenceLength;
            AppendEscaped(rune, quote, text);
        }

        text.Append(quote);
    }

    private static void AppendEscaped(Rune rune, char quote, StringBuilder text)
    {
        int code = rune.Value;
        if (code == quote || code == '\\') text.Append('\\').Append((char)code);
        else if (code == '\n') text.Append("\\n");
        else if (code == '\r') text.Append("\\r");
        else if (code == '\t') text.Append("\\t");
        else if (PythonText.IsPrintable(rune)) text.Append(rune.ToString());
        else if (code < 0x100) text.Append(CultureInfo.InvariantCulture, $"\\x{code:x2}");
        else if (code < 0x10000) text.Append(CultureInfo.InvariantCulture, $"\\u{code:x4}");
        else text.Append(CultureInfo.InvariantCulture, $"\\U{code:x8}");
    }
}
