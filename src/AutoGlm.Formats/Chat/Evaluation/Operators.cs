using System.Numerics;
using AutoGlm.Formats.Chat.Builtins;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Evaluation;

/// <summary>Arithmetic as Python does it, on integers of bounded size.</summary>
internal static class Operators
{
    private const long MaxIntegerBits = 1 << 14;

    public static object? Binary(RenderContext context, string symbol, object? left, object? right)
    {
        if (left is SafeText || right is SafeText) return Safe(context, symbol, left, right);
        if (symbol == "%" && left is string format) return PrintfFormat.Format(context, format, right);
        if (left is UndefinedValue missing) throw missing.Error();
        if (right is UndefinedValue alsoMissing) throw alsoMissing.Error();
        if (Types.IsNumber(left) && Types.IsNumber(right)) return Arithmetic(symbol, left, right);
        if (symbol == "+") return Add(context, left, right);
        if (symbol == "*" && Types.IsInteger(right, out BigInteger count)) return Repeat(context, left, count) ?? throw Unsupported(symbol, left, right);
        if (symbol == "*" && Types.IsInteger(left, out count)) return Repeat(context, right, count) ?? throw Unsupported(symbol, left, right);
        throw Unsupported(symbol, left, right);
    }

    public static object? Sign(object? value, bool negative)
    {
        if (value is UndefinedValue missing) throw missing.Error();
        if (value is double real) return negative ? -real : real;
        if (Types.IsInteger(value, out BigInteger integer)) return negative ? -integer : integer;
        throw TemplateError.Value($"bad operand type for unary {(negative ? '-' : '+')}: '{Types.NameOf(value)}'");
    }

    /// <summary>Operators with safe text: what is joined to it is escaped, and the result is safe.</summary>
    private static object? Safe(RenderContext context, string symbol, object? left, object? right)
    {
        bool joins = symbol == "+" && left is string or SafeText && right is string or SafeText;
        if (joins) return SafeText.Wrap(Add(context, SafeText.EscapeValue(context, left), SafeText.EscapeValue(context, right)));
        if (symbol != "%" || left is not SafeText) return SafeText.Wrap(Binary(context, symbol, SafeText.Plain(left), SafeText.Plain(right)));
        object? values = right is TupleValue tuple
            ? new TupleValue([.. tuple.Items.Select(item => SafeText.EscapeValue(context, item))])
            : SafeText.EscapeValue(context, right);
        return SafeText.Wrap(Binary(context, symbol, SafeText.Plain(left), values));
    }

    private static object Add(RenderContext context, object? left, object? right)
    {
        switch (left, right)
        {
            case (string a, string b):
                context.Meter.ChargeText((long)a.Length + b.Length);
                return a + b;
            case (ListValue a, ListValue b): return a.With(Join(context, a, b));
            case (TupleValue a, TupleValue b): return a.With(Join(context, a, b));
            case (string or ListValue or TupleValue, _):
                string type = Types.NameOf(left);
                throw TemplateError.Value($"can only concatenate {type} (not \"{Types.NameOf(right)}\") to {type}");
            default: throw Unsupported("+", left, right);
        }
    }

    private static object?[] Join(RenderContext context, SequenceValue left, SequenceValue right)
    {
        context.Meter.ChargeItems((long)left.Items.Count + right.Items.Count);
        return [.. left.Items, .. right.Items];
    }

    private static object? Repeat(RenderContext context, object? value, BigInteger times)
    {
        int count = (int)BigInteger.Clamp(times, 0, int.MaxValue);
        switch (value)
        {
            case string text:
                context.Meter.ChargeText((long)text.Length * count);
                return string.Concat(Enumerable.Repeat(text, text.Length == 0 ? 0 : count));
            case ListValue or TupleValue:
                var sequence = (SequenceValue)value;
                context.Meter.ChargeItems((long)sequence.Items.Count * count);
                var items = new object?[sequence.Items.Count * count];
                for (int i = 0; i < items.Length; i++) items[i] = sequence.Items[i % sequence.Items.Count];
                return sequence.With(items);
            default: return null;
        }
    }

    private static object Arithmetic(string symbol, object? left, object? right)
    {
        bool integers = Types.IsInteger(left, out BigInteger a) & Types.IsInteger(right, out BigInteger b);
        if (symbol == "/") return Divide(Types.ToDouble(left), Types.ToDouble(right));
        if (!integers || (symbol == "**" && b.Sign < 0)) return Real(symbol, Types.ToDouble(left), Types.ToDouble(right));
        if (symbol is "*" && a.GetBitLength() + b.GetBitLength() > MaxIntegerBits) throw TooLarge();
        BigInteger result = symbol switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "//" => FloorDivide(a, b),
            "%" => a - FloorDivide(a, b) * b,
            _ => Power(a, b),
        };
        return result.GetBitLength() > MaxIntegerBits ? throw TooLarge() : result;
    }

    private static object Real(string symbol, double a, double b) => symbol switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "//" => b == 0 ? throw ByZero() : Math.Floor(a / b),
        "%" => b == 0 ? throw ByZero() : a - Math.Floor(a / b) * b,
        _ => a == 0 && b < 0 ? throw ByZero() : Math.Pow(a, b),
    };

    private static double Divide(double a, double b) => b == 0 ? throw ByZero() : a / b;

    private static BigInteger FloorDivide(BigInteger a, BigInteger b)
    {
        if (b.IsZero) throw ByZero();
        BigInteger quotient = BigInteger.DivRem(a, b, out BigInteger remainder);
        return !remainder.IsZero && remainder.Sign != b.Sign ? quotient - 1 : quotient;
    }

    private static BigInteger Power(BigInteger a, BigInteger b)
    {
        if (BigInteger.Abs(a) <= 1) return b.IsZero ? 1 : a.Sign < 0 && b.IsEven ? 1 : a;
        if (b * a.GetBitLength() > 2 * MaxIntegerBits) throw TooLarge();
        return BigInteger.Pow(a, (int)b);
    }

    private static TemplateError ByZero() => TemplateError.Value("division by zero");

    private static TemplateError TooLarge() => TemplateError.Limit($"an integer is larger than {MaxIntegerBits} bits");

    private static TemplateError Unsupported(string symbol, object? left, object? right) =>
        TemplateError.Value($"unsupported operand type(s) for {symbol}: '{Types.NameOf(left)}' and '{Types.NameOf(right)}'");
}
