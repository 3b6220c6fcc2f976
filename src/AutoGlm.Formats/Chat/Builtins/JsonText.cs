using System.Globalization;
using System.Numerics;
using System.Text;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>The filter tojson as chat templates have it: Python's json.dumps, without ASCII or HTML escapes.</summary>
internal sealed class JsonText
{
    private readonly StringBuilder _text = new();
    private readonly RenderContext _context;
    private readonly bool _asciiOnly, _sortKeys;
    private readonly string? _indent;
    private readonly string _itemSeparator, _keySeparator;

    private JsonText(RenderContext context, BoundArguments options)
    {
        _context = context;
        _asciiOnly = options.Flag(0);
        _sortKeys = options.Flag(3);
        _indent = !options.HasValue(1) ? null
            : options[1] as string ?? new string(' ', Math.Clamp(options.Integer(1), 0, 1 << 10));
        (_itemSeparator, _keySeparator) = (_indent is null ? ", " : ",", ": ");
        if (!options.HasValue(2)) return;
        IReadOnlyList<object?> separators = Iteration.Items(context, options[2]);
        if (separators is not [string item, string key]) throw TemplateError.Value("tojson: separators must be two strings");
        (_itemSeparator, _keySeparator) = (item, key);
    }

    public static object? Filter(RenderContext context, object? input, Arguments arguments)
    {
        var json = new JsonText(context, arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys"));
        context.Meter.Charge(TemplateValue.WeightOf(input));
        json.Append(input, 0);
        return context.Text(json._text.ToString());
    }

    private void Append(object? value, int level)
    {
        if (_text.Length > _context.Meter.MaxTextLength) throw TemplateError.Limit($"tojson gives over {_context.Meter.MaxTextLength} characters");
        value = SafeText.Plain(value);
        switch (value)
        {
            case string text: AppendString(text); break;
            case ListValue or TupleValue: AppendItems(((SequenceValue)value).Items, level); break;
            case DictValue dictionary: AppendEntries(dictionary, level); break;
            default: _text.Append(Scalar(value) ?? throw TemplateError.Value($"Object of type {Types.NameOf(value)} is not JSON serializable")); break;
        }
    }

    private static string? Scalar(object? value) => value switch
    {
        null => "null",
        true => "true",
        false => "false",
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        double.NaN => "NaN",
        double number => Printing.Float(number),
        _ => null,
    };

    private void AppendItems(IReadOnlyList<object?> items, int level)
    {
        _text.Append('[');
        for (int i = 0; i < items.Count; i++)
        {
            StartItem(i == 0, level + 1);
            Append(items[i], level + 1);
        }

        Close(']', items.Count, level);
    }

    private void AppendEntries(DictValue dictionary, int level)
    {
        IEnumerable<KeyValuePair<object?, object?>> entries = dictionary.Entries;
        if (_sortKeys) entries = entries.Order(Comparer<KeyValuePair<object?, object?>>.Create((left, right) => CompareKeys(left.Key, right.Key)));
        _text.Append('{');
        bool first = true;
        foreach ((object? key, object? value) in entries)
        {
            StartItem(first, level + 1);
            AppendString(SafeText.Plain(key) as string ?? Scalar(key)
                ?? throw TemplateError.Value($"keys must be str, int, float, bool or None, not {Types.NameOf(key)}"));
            _text.Append(_keySeparator);
            Append(value, level + 1);
            first = false;
        }

        Close('}', dictionary.Count, level);
    }

    /// <summary>Text keys by code point; Python refuses to sort a mix of kinds, here the kinds follow each other.</summary>
    private static int CompareKeys(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => PythonText.Compare(a, b),
        _ when Types.IsNumber(left) && Types.IsNumber(right) => Comparison.Compare(left, right) ?? 0,
        _ => string.CompareOrdinal(Types.NameOf(left), Types.NameOf(right)),
    };

    private void StartItem(bool first, int level)
    {
        if (!first) _text.Append(_itemSeparator);
        NewLine(level);
    }

    private void Close(char bracket, int count, int level)
    {
        if (count > 0) NewLine(level);
        _text.Append(bracket);
    }

    private void NewLine(int level)
    {
        if (_indent is null) return;
        _context.Meter.ChargeText((long)_indent.Length * level);
        _text.Append('\n');
        for (int i = 0; i < level; i++) _text.Append(_indent);
    }

    private void AppendString(string text)
    {
        _text.Append('"');
        foreach (char character in text)
        {
            switch (character)
            {
                case '"': _text.Append("\\\""); break;
                case '\\': _text.Append("\\\\"); break;
                case '\n': _text.Append("\\n"); break;
                case '\r': _text.Append("\\r"); break;
                case '\t': _text.Append("\\t"); break;
                case '\b': _text.Append("\\b"); break;
                case '\f': _text.Append("\\f"); break;
                case < ' ':
                case > '~' when _asciiOnly:
                    _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    break;
                default: _text.Append(character); break;
            }
        }

        _text.Append('"');
    }
}
