using System.Globalization;
using System.Numerics;

namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>Number literals as Python writes them, underscores between digits allowed.</summary>
internal static class NumberLiteral
{
    private const int MaxDigits = 4300;

    /// <summary>Reads the number at the start of <paramref name="text"/>; false where there is none.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, bool afterDot, int line, out int length, out object value)
    {
        length = 0;
        value = BigInteger.Zero;
        if (text.IsEmpty || !char.IsAsciiDigit(text[0])) return false;
        if (!afterDot && TryReadFloat(text, out length, out double real))
        {
            value = real;
            return true;
        }

        length = IntegerLength(text, out int numberBase);
        string digits = text[(numberBase == 10 ? 0 : 2)..length].ToString().Replace("_", "", StringComparison.Ordinal);
        if (digits.Length > MaxDigits) throw TemplateError.Syntax(line, $"an integer of more than {MaxDigits} digits");
        value = numberBase == 10 ? BigInteger.Parse(digits, CultureInfo.InvariantCulture) : FromDigits(digits, numberBase);
        return true;
    }

    public static BigInteger FromDigits(ReadOnlySpan<char> digits, int numberBase)
    {
        BigInteger value = 0;
        foreach (char digit in digits) value = value * numberBase + DigitValue(digit);
        return value;
    }

    public static int DigitValue(char digit) => digit switch
    {
        >= '0' and <= '9' => digit - '0',
        >= 'a' and <= 'z' => digit - 'a' + 10,
        >= 'A' and <= 'Z' => digit - 'A' + 10,
        _ => int.MaxValue,
    };

    private static bool TryReadFloat(ReadOnlySpan<char> text, out int length, out double value)
    {
        length = Digits(text, 0, 10);
        value = 0;
        int whole = length;
        if (length < text.Length && text[length] == '.' && Digits(text, length + 1, 10) is > 0 and int fraction) length += 1 + fraction;
        if (length < text.Length && text[length] is 'e' or 'E')
        {
            int sign = length + 1 < text.Length && text[length + 1] is '+' or '-' ? 1 : 0;
            if (Digits(text, length + 1 + sign, 10) is > 0 and int exponent) length += 1 + sign + exponent;
        }

        return length > whole
            && double.TryParse(text[..length].ToString().Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture, out value);
    }

    private static int IntegerLength(ReadOnlySpan<char> text, out int numberBase)
    {
        numberBase = text.Length > 1 && text[0] == '0' ? char.ToLowerInvariant(text[1]) switch { 'b' => 2, 'o' => 8, 'x' => 16, _ => 10 } : 10;
        if (numberBase != 10)
        {
            int underscore = text.Length > 2 && text[2] == '_' ? 1 : 0;
            if (Digits(text, 2 + underscore, numberBase) is > 0 and int digits) return 2 + underscore + digits;
            numberBase = 10;
        }

        if (text[0] != '0') return Digits(text, 0, 10);
        int zeros = 1;
        while (zeros < text.Length && (text[zeros] == '0' || (text[zeros..] is ['_', '0', ..]))) zeros++;
        return zeros;
    }

    /// <summary>Length of a run of digits with single underscores between them.</summary>
    private static int Digits(ReadOnlySpan<char> text, int start, int numberBase)
    {
        int end = start;
        while (end < text.Length)
        {
            int digit = text[end] == '_' && end > start && end + 1 < text.Length ? end + 1 : end;
            if (DigitValue(text[digit]) >= numberBase) break;
            end = digit + 1;
        }

        return end - start;
    }
}
