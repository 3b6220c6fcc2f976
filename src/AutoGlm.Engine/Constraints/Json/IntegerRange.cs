using System.Globalization;
using System.Numerics;
using AutoGlm.Engine.Constraints.Syntax;

namespace AutoGlm.Engine.Constraints.Json;

/// <summary>Integers between two bounds as an automaton over their digits.</summary>
internal static class IntegerRange
{
    private const int MostDigits = 16;

    /// <param name="least">Null for no bound.</param>
    /// <param name="most">Null for no bound; where both are there, no less than the least.</param>
    public static Expression Of(BigInteger? least, BigInteger? most)
    {
        List<Expression> ways = [];
        if (most is null || most >= 0) ways.Add(NotNegative(BigInteger.Max(least ?? 0, 0), most));
        if (least is null || least < 0)
        {
            BigInteger nearest = most is { } bound && bound < 0 ? -bound : 1;
            ways.Add(Expression.Of(Expression.Text("-"), NotNegative(nearest, least is { } lowest ? -lowest : null)));
        }

        return Expression.Any(ways);
    }

    private static Expression NotNegative(BigInteger least, BigInteger? most)
    {
        string low = least.ToString(CultureInfo.InvariantCulture);
        int mostDigits = most is null ? Math.Max(MostDigits, low.Length) : most.Value.ToString(CultureInfo.InvariantCulture).Length;
        string high = most?.ToString(CultureInfo.InvariantCulture) ?? new string('9', mostDigits);
        List<Expression> ways = [];
        // One digit count at a time: between two numbers of the same length the digits decide from the left.
        for (int digits = low.Length; digits <= high.Length; digits++)
        {
            string from = digits == low.Length ? low : "1" + new string('0', digits - 1);
            string to = digits == high.Length ? high : new string('9', digits);
            ways.Add(Between(from, to));
        }

        return Expression.Any(ways);
    }

    private static Expression Between(string low, string high)
    {
        if (low.Length == 0) return Expression.Empty;
        if (!low.AsSpan().ContainsAnyExcept('0') && !high.AsSpan().ContainsAnyExcept('9')) return Any(low.Length);
        if (low[0] == high[0]) return Expression.Of(Expression.Text(low[..1]), Between(low[1..], high[1..]));
        List<Expression> ways = [Expression.Of(Expression.Text(low[..1]), Between(low[1..], new string('9', low.Length - 1)))];
        if (high[0] - low[0] > 1) ways.Add(Expression.Of(Digit((char)(low[0] + 1), (char)(high[0] - 1)), Any(low.Length - 1)));
        ways.Add(Expression.Of(Expression.Text(high[..1]), Between(new string('0', low.Length - 1), high[1..])));
        return Expression.Any(ways);
    }

    private static Expression Any(int digits) => digits == 0 ? Expression.Empty : Digit('0', '9').Many(digits, digits);

    private static Expression Digit(char low, char high) => new Character(CodePointSet.Of((low, high)));
}
