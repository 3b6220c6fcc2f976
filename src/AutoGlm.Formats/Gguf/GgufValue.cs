using System.Globalization;
using System.Numerics;

namespace AutoGlm.Formats.Gguf;

/// <summary>A metadata value: a number, truth value, string, or an array of one type of them (arrays may nest).</summary>
public sealed class GgufValue
{
    private readonly object _items;

    /// <param name="elementType">Type of the value, or of the array's elements.</param>
    /// <param name="isArray">Whether it is an array.</param>
    /// <param name="items">
    /// T[] for numbers and truth values (one element for a scalar), <see cref="string"/> for a string,
    /// <see cref="GgufStrings"/> for an array of them, GgufValue[] for an array of arrays.
    /// </param>
    internal GgufValue(GgufType elementType, bool isArray, object items)
    {
        ElementType = elementType;
        IsArray = isArray;
        _items = items;
    }

    public static GgufValue Of<T>(T value) where T : unmanaged => new(GgufTypes.Of<T>(), false, new[] { value });

    public static GgufValue Of(string value) => new(GgufType.String, false, value);

    public static GgufValue OfArray<T>(params ReadOnlySpan<T> values) where T : unmanaged => new(GgufTypes.Of<T>(), true, values.ToArray());

    public static GgufValue OfArray(IReadOnlyList<string> values) => new(GgufType.String, true, GgufStrings.From(values));

    /// <summary>An array of arrays.</summary>
    public static GgufValue OfArrays(params ReadOnlySpan<GgufValue> values)
    {
        foreach (GgufValue value in values)
        {
            if (!value.IsArray) throw new ArgumentException("an array of arrays holds arrays only", nameof(values));
        }

        return new(GgufType.Array, true, values.ToArray());
    }

    public static implicit operator GgufValue(string value) => Of(value);

    public static implicit operator GgufValue(uint value) => Of(value);

    public static implicit operator GgufValue(int value) => Of(value);

    public static implicit operator GgufValue(long value) => Of(value);

    public static implicit operator GgufValue(float value) => Of(value);

    public static implicit operator GgufValue(bool value) => Of(value);

    public static implicit operator GgufValue(string[] value) => OfArray(value);

    public static implicit operator GgufValue(int[] value) => OfArray<int>(value);

    public static implicit operator GgufValue(float[] value) => OfArray<float>(value);

    public GgufType Type => IsArray ? GgufType.Array : ElementType;

    /// <summary>Type of the elements of an array; of the value itself otherwise.</summary>
    public GgufType ElementType { get; }

    public bool IsArray { get; }

    /// <summary>Elements of an array; 1 otherwise.</summary>
    public int Count => _items switch
    {
        string => 1,
        GgufStrings strings => strings.Count,
        _ => ((Array)_items).Length,
    };

    /// <summary>
    /// The value as .NET has it: a number, <see cref="bool"/> or <see cref="string"/>; for an array T[],
    /// <see cref="GgufStrings"/> or, of arrays, GgufValue[].
    /// </summary>
    public object Value => IsArray || _items is string ? _items : ((Array)_items).GetValue(0)!;

    public override string ToString() => _items switch
    {
        string text => text,
        _ when !IsArray => Text(Value),
        GgufValue[] arrays => Abridged(arrays),
        GgufStrings strings => Abridged(strings),
        _ => Abridged(((Array)_items).Cast<object>()),
    };

    internal string AsString() => _items as string ?? throw Mismatch("a string");

    internal bool AsBoolean() => ElementType == GgufType.Bool && !IsArray ? ((bool[])_items)[0] : throw Mismatch("a truth value");

    /// <exception cref="InvalidCastException">Not a whole number.</exception>
    /// <exception cref="OverflowException">A whole number that the type cannot hold.</exception>
    internal T AsInteger<T>() where T : struct, IBinaryInteger<T> =>
        IsArray ? throw Mismatch("a whole number") : Integers<T>("a whole number")[0];

    internal float AsSingle() => IsArray ? throw Mismatch("a number") : Singles("a number")[0];

    internal GgufStrings AsStrings() => _items as GgufStrings ?? throw Mismatch("an array of strings");

    internal T[] AsIntegers<T>() where T : struct, IBinaryInteger<T> =>
        IsArray ? Integers<T>("an array of whole numbers") : throw Mismatch("an array of whole numbers");

    internal float[] AsSingles() => IsArray ? Singles("an array of numbers") : throw Mismatch("an array of numbers");

    internal bool[] AsBooleans() => ElementType == GgufType.Bool && IsArray ? (bool[])_items : throw Mismatch("an array of truth values");

    /// <summary>What is stored, for the writer.</summary>
    internal object Items => _items;

    // By ElementType, never by array type: the runtime lets a uint[] pass for an int[].
    private T[] Integers<T>(string wanted) where T : struct, IBinaryInteger<T> => ElementType switch
    {
        GgufType.UInt8 => Cast<byte, T>(),
        GgufType.Int8 => Cast<sbyte, T>(),
        GgufType.UInt16 => Cast<ushort, T>(),
        GgufType.Int16 => Cast<short, T>(),
        GgufType.UInt32 => Cast<uint, T>(),
        GgufType.Int32 => Cast<int, T>(),
        GgufType.UInt64 => Cast<ulong, T>(),
        GgufType.Int64 => Cast<long, T>(),
        _ => throw Mismatch(wanted),
    };

    private float[] Singles(string wanted) => ElementType switch
    {
        GgufType.Float32 => (float[])_items,
        GgufType.Float64 => Array.ConvertAll((double[])_items, item => (float)item),
        GgufType.Bool => throw Mismatch(wanted),
        _ => Array.ConvertAll(Integers<Int128>(wanted), item => (float)item),
    };

    private TTo[] Cast<TFrom, TTo>() where TFrom : struct, IBinaryInteger<TFrom> where TTo : struct, IBinaryInteger<TTo>
    {
        if (typeof(TFrom) == typeof(TTo)) return (TTo[])_items;
        var items = (TFrom[])_items;
        var converted = new TTo[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            converted[i] = TTo.CreateSaturating(items[i]);
            if (TFrom.CreateSaturating(converted[i]) != items[i])
            {
                throw new OverflowException($"{items[i]} does not fit a {typeof(TTo).Name}");
            }
        }

        return converted;
    }

    private InvalidCastException Mismatch(string wanted) =>
        new($"must be {wanted} but is {(IsArray ? "an array of " : "")}{ElementType}");

    private static string Text(object item) =>
        item is bool flag ? (flag ? "true" : "false") : Convert.ToString(item, CultureInfo.InvariantCulture) ?? "";

    private string Abridged(IEnumerable<object> items)
    {
        const int shown = 8;
        string text = string.Join(", ", items.Take(shown).Select(Text));
        return Count > shown ? $"[{text}, … {Count} in all]" : $"[{text}]";
    }
}
