using System.Globalization;
using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Syntax;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Filters on numbers.</summary>
internal static class NumberFilters
{
    private const int MaxDigits = 4300;

    public static IEnumerable<(string Name, Filter Filter)> All =>
    [
        ("abs", Abs),
        ("float", Float),
        ("int", Int),
        ("round", Round),
    ];

    /// <summary>Python's float(text); null where the text is no number.</summary>
    public static double? ParseFloat(string text)
    {
        string number = PythonText.TrimStart(PythonText.TrimEnd(text)).Replace("_", "", StringComparison.Ordinal);
        switch (number.TrimStart('+', '-').ToLowerInvariant())
        {
            case "inf" or "infinity": return number.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
            case "nan": return double.NaN;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return number.Length <= MaxDigits && double.TryParse(number, Style, CultureInfo.InvariantCulture, out double value)
            && !number.AsSpan().ContainsAnyExcept("0123456789.eE+-") ? value : null;
    }

    private static object? Abs(RenderContext context, object? input, Arguments arguments)
    {
        if (input is UndefinedValue missing) throw missing.Error();
        if (input is double real) return Math.Abs(real);
        if (Types.IsInteger(input, out BigInteger integer)) return BigInteger.Abs(integer);
        throw TemplateError.Value($"bad operand type for abs(): '{Types.NameOf(input)}'");
    }

    private static object? Float(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("float", 0, "default");
        if (input is UndefinedValue missing) throw missing.Error();
        if (input is string text) return ParseFloat(text) ?? bound.Or(0, 0.0);
        return Types.IsNumber(input) ? Types.ToDouble(input) : bound.Or(0, 0.0);
    }

    private static object? Int(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("int", 0, "default", "base");
        object? otherwise = bound.Or(0, BigInteger.Zero);
        if (input is UndefinedValue missing) throw missing.Error();
        if (Types.IsInteger(input, out BigInteger integer)) return integer;
        if (input is string text)
        {
            context.Meter.ChargeText(text.Length);
            if (TryParseInteger(text, bound.Integer(1, 10), out integer)) return integer;
            input = ParseFloat(text);
        }

        return input is double real && double.IsFinite(real) ? new BigInteger(Math.Truncate(real)) : otherwise;
    }

    private static bool TryParseInteger(string text, int numberBase, out BigInteger value)
    {
        value = 0;
        if (numberBase != 0 && numberBase is < 2 or > 36) throw TemplateError.Value("int() base must be >= 2 and <= 36, or 0");
        string trimmed = PythonText.TrimStart(PythonText.TrimEnd(text));
        bool negative = trimmed.StartsWith('-');
        string digits = (negative || trimmed.StartsWith('+') ? trimmed[1..] : trimmed).ToLowerInvariant();
        int prefixBase = digits.Length > 1 && digits[0] == '0' ? digits[1] switch { 'b' => 2, 'o' => 8, 'x' => 16, _ => 0 } : 0;
        if (prefixBase != 0 && (numberBase == 0 || numberBase == prefixBase)) (digits, numberBase) = (digits[2..], prefixBase);
        if (numberBase == 0) numberBase = 10;
        if (digits.Length is 0 or > MaxDigits || digits[^1] == '_' || digits[0] == '_' || digits.Contains("__")) return false;
        digits = digits.Replace("_", "", StringComparison.Ordinal);
        foreach (char digit in digits)
        {
            if (NumberLiteral.DigitValue(digit) >= numberBase) return false;
        }

        value = NumberLiteral.FromDigits(digits, numberBase);
        if (negative) value = -value;
        return true;
    }

    private static object? Round(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("round", 0, "precision", "method");
        int precision = Math.Clamp(bound.Integer(0), -400, 400);
        string method = bound.Text(1, "common");
        if (input is UndefinedValue missing) throw missing.Error();
        if (!Types.IsNumber(input)) throw TemplateError.Value($"type {Types.NameOf(input)} doesn't define __round__ method");
        switch (method)
        {
            case "common" when Types.IsInteger(input, out BigInteger integer): return precision >= 0 ? integer : RoundInteger(integer, -precision);
            case "common": return NumberFormat.Round((double)input!, precision);
            case "ceil": return Math.Ceiling(Types.ToDouble(input) * Math.Pow(10, precision)) / Math.Pow(10, precision);
            case "floor": return Math.Floor(Types.ToDouble(input) * Math.Pow(10, precision)) / Math.Pow(10, precision);
            default: throw TemplateError.Value("round: method must be common, ceil or floor");
        }
    }

    private static BigInteger RoundInteger(BigInteger value, int zeros)
    {
        BigInteger unit = BigInteger.Pow(10, zeros);
        return NumberFormat.DivideHalfEven(value, unit) * unit;
    }
}
