using System.Globalization;
using System.Numerics;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Decimal digits of floating-point numbers, exact and rounded half to even, as C and Python print them.</summary>
internal static class NumberFormat
{
    /// <summary>Python's round(value, precision).</summary>
    public static double Round(double value, int precision)
    {
        if (!double.IsFinite(value) || precision > 330) return value;
        if (precision < -308) return Math.CopySign(0, value);
        return Math.CopySign(double.Parse($"{Scaled(value, precision)}E{-precision}", CultureInfo.InvariantCulture), value);
    }

    /// <summary>Fixed notation, like <c>%.2f</c>.</summary>
    public static string Fixed(double value, int precision)
    {
        if (!double.IsFinite(value)) return NotFinite(value);
        string digits = BigInteger.Abs(Scaled(value, precision)).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        string sign = double.IsNegative(value) ? "-" : "";
        return precision == 0 ? sign + digits : $"{sign}{digits[..^precision]}.{digits[^precision..]}";
    }

    /// <summary>Scientific notation, like <c>%.2e</c>: at least two digits of exponent.</summary>
    public static string Scientific(double value, int precision)
    {
        if (!double.IsFinite(value)) return NotFinite(value);
        string text = value.ToString("e" + precision, CultureInfo.InvariantCulture);
        int mark = text.IndexOf('e');
        int exponent = int.Parse(text.AsSpan(mark + 1), CultureInfo.InvariantCulture);
        return $"{text[..mark]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <summary>The shorter of the two, like <c>%g</c>: trailing zeros go.</summary>
    public static string General(double value, int precision)
    {
        if (!double.IsFinite(value)) return NotFinite(value);
        precision = Math.Max(1, precision);
        string scientific = Scientific(value, precision - 1);
        int mark = scientific.IndexOf('e');
        int exponent = int.Parse(scientific.AsSpan(mark + 1), CultureInfo.InvariantCulture);
        if (exponent >= -4 && exponent < precision) return TrimZeros(Fixed(value, precision - 1 - exponent));
        return TrimZeros(scientific[..mark]) + scientific[mark..];
    }

    public static BigInteger DivideHalfEven(BigInteger value, BigInteger divisor)
    {
        BigInteger quotient = BigInteger.DivRem(BigInteger.Abs(value), divisor, out BigInteger remainder);
        int half = (remainder * 2).CompareTo(divisor);
        if (half > 0 || (half == 0 && !quotient.IsEven)) quotient += 1;
        return value.Sign < 0 ? -quotient : quotient;
    }

    /// <summary>value * 10^precision as the nearest integer, computed exactly.</summary>
    private static BigInteger Scaled(double value, int precision)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        BigInteger numerator = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
        int power = Math.Max(exponent, 1) - 1075;
        BigInteger denominator = 1;
        if (power > 0) numerator <<= power;
        else denominator <<= -power;
        if (precision > 0) numerator *= BigInteger.Pow(10, precision);
        else denominator *= BigInteger.Pow(10, -precision);
        return DivideHalfEven(bits < 0 ? -numerator : numerator, denominator);
    }

    private static string TrimZeros(string digits) => digits.Contains('.') ? digits.TrimEnd('0').TrimEnd('.') : digits;

    private static string NotFinite(double value) => double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
