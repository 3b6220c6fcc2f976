using System.Globalization;
using System.Numerics;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>A decimal number that others are compared with.</summary>
/// <param name="Sign">-1, 0 or 1.</param>
/// <param name="Whole">The size's digits before the point, without leading zeros; "0" for none.</param>
/// <param name="Fraction">Those after it, without trailing zeros.</param>
/// <param name="IsExclusive">Whether the number itself is out.</param>
internal sealed record DecimalBound(int Sign, string Whole, string Fraction, bool IsExclusive)
{
    private const int MostDigits = 40;

    public static DecimalBound Zero { get; } = new(0, "0", "", false);

    /// <summary>Null where it has too many digits.</summary>
    public static DecimalBound? Parse(string text, bool isExclusive)
    {
        string[] parts = text.TrimStart('-').Split('e', 'E');
        if (parts.Length > 1 && !(int.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int e) && Math.Abs(e) <= MostDigits)) return null;
        int exponent = parts.Length > 1 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        string[] digits = parts[0].Split('.');
        string all = digits[0] + (digits.Length > 1 ? digits[1] : "");
        int point = digits[0].Length + exponent;
        if (all.Length > MostDigits || Math.Abs(point) > MostDigits) return null;
        if (point < 0) (all, point) = (new string('0', -point) + all, 0);
        all = all.PadRight(point, '0');
        string whole = all[..point].TrimStart('0'), fraction = all[point..].TrimEnd('0');
        int sign = whole.Length + fraction.Length == 0 ? 0 : text[0] == '-' ? -1 : 1;
        return new DecimalBound(sign, whole.Length == 0 ? "0" : whole, fraction, isExclusive);
    }

    public BigInteger WholeNumber => BigInteger.Parse(Whole, CultureInfo.InvariantCulture);

    public DecimalBound Negated => this with { Sign = -Sign };

    public BigInteger LeastInteger() => Sign < 0 ? -Negated.MostInteger() : Fraction.Length > 0 || IsExclusive ? WholeNumber + 1 : WholeNumber;

    public BigInteger MostInteger() => Sign < 0 ? -Negated.LeastInteger() : Fraction.Length == 0 && IsExclusive ? WholeNumber - 1 : WholeNumber;

    public int CompareTo(DecimalBound other)
    {
        if (Sign != other.Sign) return Sign - other.Sign;
        int size = WholeNumber.CompareTo(other.WholeNumber);
        if (size == 0) size = string.CompareOrdinal(Fraction, other.Fraction);
        return size * (Sign < 0 ? -1 : 1);
    }
}
