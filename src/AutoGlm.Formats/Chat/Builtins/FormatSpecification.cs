using System.Globalization;
using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Python's format specification: <c>[[fill]align][sign][#][0][width][,][.precision][type]</c>.</summary>
internal sealed class FormatSpecification
{
    private const int MaxWidth = 1 << 16;

    private char _align, _sign = '-', _grouping, _type;
    private int? _precision;

    public char Fill { get; private set; } = ' ';

    public int Width { get; private set; }

    public static FormatSpecification Parse(string text)
    {
        var result = new FormatSpecification();
        int i = 0;
        if (text.Length > 1 && "<>^=".Contains(text[1])) (result.Fill, result._align, i) = (text[0], text[1], 2);
        else if (text.Length > 0 && "<>^=".Contains(text[0])) (result._align, i) = (text[0], 1);
        if (i < text.Length && "+- ".Contains(text[i])) result._sign = text[i++];
        if (i < text.Length && text[i] == '#') i++;
        if (i < text.Length && text[i] == '0')
        {
            i++;
            if (result._align == '\0') (result.Fill, result._align) = ('0', '=');
        }

        result.Width = Number(text, ref i) ?? 0;
        if (i < text.Length && text[i] is ',' or '_') result._grouping = text[i++];
        if (i < text.Length && text[i] == '.')
        {
            i++;
            result._precision = Number(text, ref i) ?? throw TemplateError.Value("format specifier missing precision");
        }

        if (i < text.Length) result._type = text[i++];
        return i == text.Length ? result : throw TemplateError.Value($"invalid format specifier '{text}'");
    }

    public char Align(object? value) => _align != '\0' ? _align : Types.IsNumber(value) ? '>' : '<';

    public string Body(RenderContext context, object? value)
    {
        switch (value)
        {
            case string text when _type is '\0' or 's':
                return _precision is { } most && PythonText.Length(text) > most ? text[..PythonText.Offset(text, most)] : text;
            case double real: return Signed(Real(real));
            case BigInteger or bool when _type is '\0' or 'd' or 'x' or 'X' or 'o' or 'b' or 'c' or 'n':
                _ = Types.IsInteger(value, out BigInteger integer);
                return _type == '\0' && value is bool ? context.Str(value) : Signed(Integer(integer));
            case BigInteger or bool when _type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%': return Signed(Real(Types.ToDouble(value)));
            default: throw TemplateError.Value($"unknown format code '{_type}' for object of type '{Types.NameOf(value)}'");
        }
    }

    private string Integer(BigInteger value) => _type switch
    {
        'x' => PrintfFormat.Digits(value, 16),
        'X' => PrintfFormat.Digits(value, 16).ToUpperInvariant(),
        'o' => PrintfFormat.Digits(value, 8),
        'b' => PrintfFormat.Digits(value, 2),
        'c' => char.ConvertFromUtf32((int)BigInteger.Clamp(value, 0, 0xD7FF)),
        _ => Grouped(PrintfFormat.Digits(value, 10)),
    };

    private string Real(double value) => _type switch
    {
        'f' or 'F' => Grouped(NumberFormat.Fixed(value, _precision ?? 6)),
        'e' => NumberFormat.Scientific(value, _precision ?? 6),
        'E' => NumberFormat.Scientific(value, _precision ?? 6).ToUpperInvariant(),
        'g' or 'n' => NumberFormat.General(value, _precision ?? 6),
        'G' => NumberFormat.General(value, _precision ?? 6).ToUpperInvariant(),
        '%' => NumberFormat.Fixed(value * 100, _precision ?? 6) + "%",
        '\0' => _precision is { } digits ? NumberFormat.General(value, digits) : Grouped(Printing.Float(value)),
        _ => throw TemplateError.Value($"unknown format code '{_type}' for object of type 'float'"),
    };

    private string Signed(string number) => number.StartsWith('-') || _sign == '-' ? number : _sign + number;

    /// <summary>Puts the separator between groups of three digits before the point.</summary>
    private string Grouped(string number)
    {
        if (_grouping == '\0') return number;
        int start = number.StartsWith('-') ? 1 : 0, end = number.AsSpan().IndexOfAny('.', 'e');
        string text = number[(end < 0 ? number.Length : end)..];
        for (int to = end < 0 ? number.Length : end; to > start; to -= 3)
        {
            int from = Math.Max(start, to - 3);
            text = (from > start ? _grouping.ToString(CultureInfo.InvariantCulture) : "") + number[from..to] + text;
        }

        return number[..start] + text;
    }

    private static int? Number(string text, ref int position)
    {
        int start = position, number = 0;
        for (; position < text.Length && char.IsAsciiDigit(text[position]); position++) number = Math.Min(MaxWidth, number * 10 + (text[position] - '0'));
        return position > start ? number : null;
    }
}
