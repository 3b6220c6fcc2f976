using System.Numerics;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>Equality, order and hashes of values. The caller has charged their weight, which bounds the walk.</summary>
internal static class Comparison
{
    /// <summary>left == right.</summary>
    public static bool AreEqual(object? left, object? right)
    {
        (left, right) = (SafeText.Plain(left), SafeText.Plain(right));
        if (Types.IsNumber(left) && Types.IsNumber(right)) return CompareNumbers(left, right) == 0;
        if (ReferenceEquals(left, right)) return true;
        return (left, right) switch
        {
            (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
            (UndefinedValue, UndefinedValue) => true,
            (SequenceValue a, SequenceValue b) => a.GetType() == b.GetType() && ItemsEqual(a, b),
            (DictValue a, DictValue b) => a.Count == b.Count
                && a.Entries.All(entry => b.TryGet(entry.Key, out object? value) && SameOrEqual(entry.Value, value)),
            _ => false,
        };
    }

    /// <summary>Negative, zero or positive, or null where one of two numbers is no number at all (NaN).</summary>
    /// <exception cref="TemplateError">The two have no order.</exception>
    public static int? Compare(object? left, object? right, string symbol = "<")
    {
        (left, right) = (SafeText.Plain(left), SafeText.Plain(right));
        if (left is UndefinedValue missing) throw missing.Error();
        if (right is UndefinedValue alsoMissing) throw alsoMissing.Error();
        if (Types.IsNumber(left) && Types.IsNumber(right)) return CompareNumbers(left, right);
        return (left, right) switch
        {
            (string a, string b) => PythonText.Compare(a, b),
            (ListValue a, ListValue b) => CompareItems(a, b, symbol),
            (TupleValue a, TupleValue b) => CompareItems(a, b, symbol),
            _ => throw TemplateError.Value(
                $"'{symbol}' not supported between instances of '{Types.NameOf(left)}' and '{Types.NameOf(right)}'"),
        };
    }

    public static int HashOf(object? value) => value switch
    {
        true => BigInteger.One.GetHashCode(),
        false => BigInteger.Zero.GetHashCode(),
        double number when double.IsInteger(number) => new BigInteger(number).GetHashCode(),
        TupleValue tuple => tuple.Items.Aggregate(tuple.Items.Count, (hash, item) => HashCode.Combine(hash, HashOf(item))),
        UndefinedValue => 0,
        SafeText safe => safe.Text.GetHashCode(),
        null => 1,
        _ => value.GetHashCode(),
    };

    private static bool SameOrEqual(object? left, object? right) => ReferenceEquals(left, right) || AreEqual(left, right);

    private static bool ItemsEqual(SequenceValue left, SequenceValue right)
    {
        if (left.Items.Count != right.Items.Count) return false;
        for (int i = 0; i < left.Items.Count; i++)
        {
            if (!SameOrEqual(left.Items[i], right.Items[i])) return false;
        }

        return true;
    }

    private static int? CompareItems(SequenceValue left, SequenceValue right, string symbol)
    {
        int common = Math.Min(left.Items.Count, right.Items.Count);
        for (int i = 0; i < common; i++)
        {
            if (!SameOrEqual(left.Items[i], right.Items[i])) return Compare(left.Items[i], right.Items[i], symbol);
        }

        return left.Items.Count.CompareTo(right.Items.Count);
    }

    private static int? CompareNumbers(object? left, object? right)
    {
        if (Types.IsInteger(left, out BigInteger a) && Types.IsInteger(right, out BigInteger b)) return a.CompareTo(b);
        if (left is double x && right is double y) return double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y);
        if (left is double real) return -CompareNumbers(right, real);
        double number = (double)right!;
        if (double.IsNaN(number)) return null;
        if (double.IsInfinity(number)) return number > 0 ? -1 : 1;
        _ = Types.IsInteger(left, out BigInteger integer);
        int whole = integer.CompareTo(new BigInteger(Math.Floor(number)));
        return whole != 0 ? whole : number > Math.Floor(number) ? -1 : 0;
    }
}
