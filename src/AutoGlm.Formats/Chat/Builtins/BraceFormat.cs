using System.Globalization;
using System.Numerics;
using System.Text;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Python's str.format: <c>{}</c>, <c>{0}</c>, <c>{name.attribute[item]!r:specification}</c>.</summary>
internal sealed class BraceFormat
{
    private readonly RenderContext _context;
    private readonly Arguments _arguments;
    private readonly StringBuilder _text = new();
    private int _next;
    private bool _numbered;

    private BraceFormat(RenderContext context, Arguments arguments)
    {
        _context = context;
        _arguments = arguments;
    }

    public static object? Format(RenderContext context, string format, Arguments arguments)
    {
        var formatter = new BraceFormat(context, arguments);
        formatter.Run(format, nested: false);
        return formatter._text.ToString();
    }

    public static object? FormatMap(RenderContext context, string format, object? mapping)
    {
        if (mapping is not DictValue dictionary) throw TemplateError.Value("format_map() wants a mapping");
        var named = dictionary.Entries.Where(entry => entry.Key is string).Select(entry => new KeyValuePair<string, object?>((string)entry.Key!, entry.Value));
        return Format(context, format, new Arguments([], [.. named]));
    }

    private void Run(string format, bool nested)
    {
        for (int i = 0; i < format.Length; i++)
        {
            char character = format[i];
            bool doubled = i + 1 < format.Length && format[i + 1] == character;
            if (character is '{' or '}' && doubled && !nested) i++;
            else if (character == '}') throw TemplateError.Value("single '}' encountered in format string");
            else if (character == '{')
            {
                int end = FieldEnd(format, i + 1);
                Field(format[(i + 1)..end], nested);
                i = end;
                continue;
            }

            _text.Append(character);
            if (_text.Length > _context.Meter.MaxTextLength) throw TemplateError.Limit("a formatted string is too long");
        }
    }

    private static int FieldEnd(string format, int start)
    {
        int depth = 1;
        for (int i = start; i < format.Length; i++)
        {
            if (format[i] == '{') depth++;
            else if (format[i] == '}' && --depth == 0) return i;
        }

        throw TemplateError.Value("expected '}' before end of string");
    }

    private void Field(string field, bool nested)
    {
        int colon = field.IndexOf(':');
        string name = colon < 0 ? field : field[..colon], specification = colon < 0 ? "" : field[(colon + 1)..];
        char conversion = name.Length > 1 && name[^2] == '!' ? name[^1] : ' ';
        if (conversion != ' ') name = name[..^2];
        object? value = Lookup(name);
        if (specification.Contains('{')) specification = Nested(specification, nested);
        if (conversion == 's') value = _context.Str(value);
        if (conversion is 'r' or 'a') value = _context.Text(Printing.Repr(value, _context.Meter.MaxTextLength));
        _text.Append(Apply(value, specification));
    }

    private string Nested(string specification, bool nested)
    {
        if (nested) throw TemplateError.Value("max string recursion exceeded");
        var inner = new BraceFormat(_context, _arguments) { _next = _next };
        inner.Run(specification, nested: true);
        _next = inner._next;
        return inner._text.ToString();
    }

    /// <summary>The value of <c>first.attribute[item]</c>.</summary>
    private object? Lookup(string name)
    {
        int end = name.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? name : name[..end];
        object? value = First(first);
        for (int i = end; i >= 0 && i < name.Length;)
        {
            if (name[i] == '.')
            {
                int stop = name.AsSpan(i + 1).IndexOfAny('.', '[');
                string attribute = stop < 0 ? name[(i + 1)..] : name.Substring(i + 1, stop);
                value = Members.Attribute(_context, value, attribute);
                i += attribute.Length + 1;
                continue;
            }

            int close = name.IndexOf(']', i);
            if (name[i] != '[' || close < 0) throw TemplateError.Value($"cannot read the format field '{name}'");
            string item = name[(i + 1)..close];
            value = Members.Item(_context, value, IsIndex(item) ? BigInteger.Parse(item, CultureInfo.InvariantCulture) : item);
            i = close + 1;
        }

        return value is UndefinedValue missing ? throw missing.Error() : value;
    }

    private object? First(string first)
    {
        if (first.Length > 0 && !IsIndex(first))
        {
            foreach ((string name, object? value) in _arguments.Named)
            {
                if (name == first) return value;
            }

            throw TemplateError.Value($"format has no argument '{first}'");
        }

        if (first.Length > 0) _numbered = true;
        if (_numbered && (first.Length == 0 || _next > 0)) throw TemplateError.Value("format mixes numbered and unnumbered fields");
        int index = first.Length == 0 ? _next++ : int.Parse(first, CultureInfo.InvariantCulture);
        return index < _arguments.Positional.Count
            ? _arguments.Positional[index]
            : throw TemplateError.Value($"replacement index {index} out of range for positional args");
    }

    private static bool IsIndex(string text) => text.Length is > 0 and < 10 && text.All(char.IsAsciiDigit);

    private string Apply(object? value, string specification)
    {
        if (specification.Length == 0) return _context.Str(value);
        FormatSpecification parsed = FormatSpecification.Parse(specification);
        string body = parsed.Body(_context, value);
        int missing = Math.Max(0, parsed.Width - PythonText.Length(body));
        _context.Meter.ChargeText(body.Length + (long)missing);
        int left = parsed.Align(value) switch { '<' => 0, '^' => missing / 2, '=' => 0, _ => missing };
        if (parsed.Align(value) != '=') return new string(parsed.Fill, left) + body + new string(parsed.Fill, missing - left);
        int sign = body.Length > 0 && body[0] is '-' or '+' or ' ' ? 1 : 0;
        return body[..sign] + new string(parsed.Fill, missing) + body[sign..];
    }
}
