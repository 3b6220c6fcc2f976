using System.Globalization;
using System.Numerics;
using System.Text;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Python's <c>format % values</c>.</summary>
internal sealed class PrintfFormat
{
    private const int MaxWidth = 1 << 16;

    private readonly RenderContext _context;
    private readonly string _format;
    private readonly object? _values;
    private readonly StringBuilder _text = new();
    private int _position;
    private int _used;

    private PrintfFormat(RenderContext context, string format, object? values)
    {
        _context = context;
        _format = format;
        _values = values;
    }

    public static string Format(RenderContext context, string format, object? values)
    {
        var formatter = new PrintfFormat(context, format, values);
        formatter.Run();
        if (values is TupleValue tuple && formatter._used < tuple.Items.Count
            || (values is not (TupleValue or DictValue or ListValue) && formatter._used == 0))
        {
            throw TemplateError.Value("not all arguments converted during string formatting");
        }

        return context.Text(formatter._text.ToString());
    }

    private void Run()
    {
        while (_position < _format.Length)
        {
            int percent = _format.IndexOf('%', _position);
            if (percent < 0) percent = _format.Length;
            _text.Append(_format, _position, percent - _position);
            _position = percent + 1;
            if (percent < _format.Length) Conversion();
            if (_text.Length > _context.Meter.MaxTextLength) throw TemplateError.Limit("a formatted string is too long");
        }
    }

    private void Conversion()
    {
        bool keyed = Peek() == '(';
        object? value = keyed ? Lookup(Key()) : null;
        string flags = "";
        while ("-+ 0#".Contains(Peek())) flags += _format[_position++];
        int width = Number() ?? 0;
        int? precision = null;
        if (Peek() == '.')
        {
            _position++;
            precision = Number() ?? 0;
        }

        while ("hlL".Contains(Peek())) _position++;
        char kind = Peek();
        _position++;
        if (kind == '%')
        {
            _text.Append('%');
            return;
        }

        string body = Body(kind, keyed ? value : NextValue(), precision, flags);
        bool numeric = kind is not ('s' or 'r' or 'c' or 'a');
        if (flags.Contains('-')) body = body.PadRight(width);
        else if (flags.Contains('0') && numeric) body = ZeroPad(body, width);
        _text.Append(body.PadLeft(width));
    }

    private string Body(char kind, object? value, int? precision, string flags)
    {
        switch (kind)
        {
            case 's': return Cut(_context.Str(value), precision);
            case 'r' or 'a': return Cut(_context.Text(Printing.Repr(value, _context.Meter.MaxTextLength)), precision);
            case 'c': return value as string ?? char.ConvertFromUtf32((int)BigInteger.Clamp(Integer(value, kind), 0, 0xD7FF));
            case 'd' or 'i' or 'u': return Signed(Digits(Integer(value, kind), 10, precision), flags);
            case 'x': return Signed(Digits(Integer(value, kind), 16, precision), flags);
            case 'X': return Signed(Digits(Integer(value, kind), 16, precision).ToUpperInvariant(), flags);
            case 'o': return Signed(Digits(Integer(value, kind), 8, precision), flags);
            case 'f' or 'F': return Signed(NumberFormat.Fixed(Real(value), precision ?? 6), flags);
            case 'e' or 'E': return Signed(Cased(NumberFormat.Scientific(Real(value), precision ?? 6), kind), flags);
            case 'g' or 'G': return Signed(Cased(NumberFormat.General(Real(value), precision ?? 6), kind), flags);
            default: throw TemplateError.Value(kind == '\0' ? "incomplete format" : $"unsupported format character '{kind}'");
        }
    }

    /// <summary>Digits in a base, with a minus where the number is negative.</summary>
    public static string Digits(BigInteger number, int numberBase, int? precision = null)
    {
        BigInteger magnitude = BigInteger.Abs(number);
        string digits = numberBase switch
        {
            16 => magnitude.ToString("x", CultureInfo.InvariantCulture).TrimStart('0'),
            10 => magnitude.ToString(CultureInfo.InvariantCulture),
            2 => magnitude.ToString("b", CultureInfo.InvariantCulture).TrimStart('0'),
            _ => Octal(magnitude),
        };
        return (number.Sign < 0 ? "-" : "") + digits.PadLeft(Math.Max(1, precision ?? 1), '0');
    }

    private static string Octal(BigInteger magnitude)
    {
        var digits = new Stack<char>();
        for (; !magnitude.IsZero; magnitude >>= 3) digits.Push((char)('0' + (int)(magnitude & 7)));
        return string.Concat(digits);
    }

    private static string Signed(string number, string flags) =>
        number.StartsWith('-') ? number : flags.Contains('+') ? "+" + number : flags.Contains(' ') ? " " + number : number;

    private static string ZeroPad(string number, int width)
    {
        int sign = number.Length > 0 && number[0] is '-' or '+' or ' ' ? 1 : 0;
        return number[..sign] + number[sign..].PadLeft(Math.Max(0, width - sign), '0');
    }

    private static string Cased(string text, char kind) => char.IsUpper(kind) ? text.ToUpperInvariant() : text;

    private static string Cut(string text, int? precision) =>
        precision is { } most && PythonText.Length(text) > most ? text[..PythonText.Offset(text, most)] : text;

    private static double Real(object? value)
    {
        if (value is UndefinedValue missing) throw missing.Error();
        return Types.IsNumber(value) ? Types.ToDouble(value) : throw TemplateError.Value($"must be real number, not {Types.NameOf(value)}");
    }

    private static BigInteger Integer(object? value, char kind)
    {
        if (value is UndefinedValue missing) throw missing.Error();
        if (value is double real && double.IsFinite(real)) return new BigInteger(Math.Truncate(real));
        return Types.IsInteger(value, out BigInteger number)
            ? number
            : throw TemplateError.Value($"%{kind} format: a number is required, not {Types.NameOf(value)}");
    }

    private char Peek() => _position < _format.Length ? _format[_position] : '\0';

    private string Key()
    {
        int end = _format.IndexOf(')', _position);
        if (end < 0) throw TemplateError.Value("incomplete format key");
        string key = _format[(_position + 1)..end];
        _position = end + 1;
        return key;
    }

    private object? Lookup(string key)
    {
        if (_values is not DictValue dictionary) throw TemplateError.Value("format requires a mapping");
        return dictionary.TryGet(key, out object? value) ? value : throw TemplateError.Value($"the format's key '{key}' is missing");
    }

    private int? Number()
    {
        if (Peek() == '*')
        {
            _position++;
            return (int)BigInteger.Clamp(Integer(NextValue(), '*'), 0, MaxWidth);
        }

        int start = _position;
        int number = 0;
        for (; char.IsAsciiDigit(Peek()); _position++) number = Math.Min(MaxWidth, number * 10 + (_format[_position] - '0'));
        return _position > start ? number : null;
    }

    private object? NextValue()
    {
        if (_values is TupleValue tuple)
        {
            return _used < tuple.Items.Count ? tuple.Items[_used++] : throw TemplateError.Value("not enough arguments for format string");
        }

        return _used++ == 0 ? _values : throw TemplateError.Value("not enough arguments for format string");
    }
}
