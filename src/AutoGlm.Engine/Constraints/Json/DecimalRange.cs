using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>Decimal numbers between two bounds as an automaton over their digits; without exponents.</summary>
internal static class DecimalRange
{
    private const int FreeDigits = 6;

    private static readonly CodePointSet s_digits = CodePointSet.Of(('0', '9'));
    private static readonly Expression s_anyDigits = new Character(s_digits).Many(0, FreeDigits);
    private static readonly Expression s_zeros = Expression.Text("0").Many(0, FreeDigits);

    /// <summary>Digits that are not all zero.</summary>
    private static readonly Expression s_someDigit = Expression.Of(s_zeros, Digit('1', '9'), s_anyDigits);

    public static Expression Of(DecimalBound? low, DecimalBound? high)
    {
        List<Expression> ways = [];
        DecimalBound zero = DecimalBound.Zero;
        if (high is null || high.Sign >= 0) ways.Add(Sizes(low is null || low.Sign < 0 ? zero : low, high));
        if (low is null || low.Sign < 0)
        {
            DecimalBound nearest = high is null || high.Sign > 0 ? zero : high.Negated;
            ways.Add(Expression.Of(Expression.Text("-"), Sizes(nearest, low?.Negated)));
        }

        return Expression.Any(ways);
    }

    /// <summary>Numbers without a sign.</summary>
    private static Expression Sizes(DecimalBound low, DecimalBound? high)
    {
        if (high is not null)
        {
            int order = low.CompareTo(high with { Sign = high.Sign });
            if (order > 0 || (order == 0 && (low.IsExclusive || high.IsExclusive))) return Expression.Never;
            if (low.Whole == high.Whole) return Expression.Of(Expression.Text(low.Whole), Fractions(low, high));
        }

        List<Expression> ways = [Expression.Of(Expression.Text(low.Whole), Fractions(low, null))];
        System.Numerics.BigInteger from = low.WholeNumber + 1;
        Expression free = Expression.Of(Expression.Text("."), new Character(s_digits), s_anyDigits).Optional();
        if (high is null || from < high.WholeNumber) ways.Add(Expression.Of(IntegerRange.Of(from, high?.WholeNumber - 1), free));
        if (high is not null) ways.Add(Expression.Of(Expression.Text(high.Whole), Fractions(null, high)));
        return Expression.Any(ways);
    }

    /// <summary>What may follow the whole part that the bounds have: nothing, or a point and digits.</summary>
    private static Expression Fractions(DecimalBound? low, DecimalBound? high)
    {
        string? least = low?.Fraction, most = high?.Fraction;
        bool overLow = low?.IsExclusive ?? false, underHigh = high?.IsExclusive ?? false;
        bool nothing = (least is null || (least.Length == 0 && !overLow)) && (most is null || most.Length > 0 || !underHigh);
        Expression digits = Expression.Of(Expression.Text("."), Digits(least, overLow, most, underHigh, isFirst: true));
        return nothing ? digits.Optional() : digits;
    }

    /// <summary>Digits no less than one string and no more than another; null for no bound any more.</summary>
    private static Expression Digits(string? least, bool overLow, string? most, bool underHigh, bool isFirst)
    {
        if (least is null && most is null) return isFirst ? Expression.Of(new Character(s_digits), s_anyDigits) : s_anyDigits;
        if (least is "" && !overLow && !isFirst) return Digits(null, false, most, underHigh, isFirst);
        if (least is "" && most is null) return overLow ? s_someDigit : Digits(null, false, null, false, isFirst);
        if (most is "" && least is null or "") return underHigh || overLow ? Expression.Never : isFirst ? Expression.Text("0").Many(1, FreeDigits) : s_zeros;
        if (most is "") return Expression.Never;
        int low = least is null ? -1 : least.Length == 0 ? 0 : least[0] - '0', high = most is null ? 10 : most[0] - '0';
        string? restLow = least is null ? null : least.Length == 0 ? "" : least[1..], restHigh = most?[1..];
        List<Expression> ways = [];
        if (high - low > 1) ways.Add(Expression.Of(Digit((char)('0' + low + 1), (char)('0' + high - 1)), s_anyDigits));
        if (low == high) ways.Add(Expression.Of(Digit((char)('0' + low), (char)('0' + low)), Digits(restLow, overLow, restHigh, underHigh, false)));
        else
        {
            if (low >= 0) ways.Add(Expression.Of(Digit((char)('0' + low), (char)('0' + low)), Digits(restLow, overLow, null, false, false)));
            if (high <= 9) ways.Add(Expression.Of(Digit((char)('0' + high), (char)('0' + high)), Digits(null, false, restHigh, underHigh, false)));
        }

        // The digits so far may be all: they are less than the most, and no less than a least that has no more.
        bool mayEnd = !isFirst && (least is null || (least.Length == 0 && !overLow)) && (most is null || most.Length > 0 || !underHigh);
        if (mayEnd) ways.Add(Expression.Empty);
        return Expression.Any(ways);
    }

    private static Expression Digit(char low, char high) => new Character(CodePointSet.Of((low, high)));
}
