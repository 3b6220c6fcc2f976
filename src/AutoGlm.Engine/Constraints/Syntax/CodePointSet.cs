using System.Globalization;

namespace AutoGlm.Engine.Constraints.Syntax;

/// <summary>A set of Unicode scalar values (U+0000 to U+10FFFF without surrogates) as rising ranges with gaps between. Immutable.</summary>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF;
    private const int FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    private static readonly Lazy<CodePointSet[]> s_categories = new(ReadCategories);

    private CodePointSet(List<(int Low, int High)> ranges) => Ranges = ranges;

    public static CodePointSet Empty { get; } = new([]);

    /// <summary>Every scalar value.</summary>
    public static CodePointSet All { get; } = Of((0, Last));

    public IReadOnlyList<(int Low, int High)> Ranges { get; }

    public bool IsEmpty => Ranges.Count == 0;

    public static CodePointSet Of(params IEnumerable<(int Low, int High)> ranges)
    {
        List<(int Low, int High)> result = [];
        foreach ((int low, int high) in ranges.SelectMany(WithoutSurrogates).OrderBy(range => range.Low))
        {
            if (result.Count > 0 && low <= result[^1].High + 1) result[^1] = (result[^1].Low, Math.Max(result[^1].High, high));
            else result.Add((low, high));
        }

        return new CodePointSet(result);
    }

    public static CodePointSet Single(int codePoint) => Of((codePoint, codePoint));

    public static CodePointSet AnyOf(string characters) => Of(characters.EnumerateRunes().Select(rune => (rune.Value, rune.Value)));

    public static CodePointSet Category(UnicodeCategory category) => s_categories.Value[(int)category];

    public CodePointSet Union(CodePointSet other) => Of(Ranges.Concat(other.Ranges));

    public CodePointSet Negate()
    {
        List<(int, int)> gaps = [];
        int from = 0;
        foreach ((int low, int high) in Ranges)
        {
            if (low > from) gaps.Add((from, low - 1));
            from = high + 1;
        }

        if (from <= Last) gaps.Add((from, Last));
        return Of(gaps);
    }

    public CodePointSet Intersect(CodePointSet other) => Negate().Union(other.Negate()).Negate();

    public CodePointSet Except(CodePointSet other) => Negate().Union(other).Negate();

    public bool Contains(int codePoint)
    {
        int low = 0, high = Ranges.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (codePoint < Ranges[middle].Low) high = middle - 1;
            else if (codePoint > Ranges[middle].High) low = middle + 1;
            else return true;
        }

        return false;
    }

    private static IEnumerable<(int Low, int High)> WithoutSurrogates((int Low, int High) range)
    {
        if (range.Low < FirstSurrogate && range.High >= range.Low) yield return (range.Low, Math.Min(range.High, FirstSurrogate - 1));
        if (range.High > LastSurrogate) yield return (Math.Max(range.Low, LastSurrogate + 1), range.High);
    }

    private static CodePointSet[] ReadCategories()
    {
        var ranges = new List<(int Low, int High)>[30];
        for (int i = 0; i < ranges.Length; i++) ranges[i] = [];
        for (int codePoint = 0; codePoint <= Last; codePoint++)
        {
            List<(int Low, int High)> list = ranges[(int)CharUnicodeInfo.GetUnicodeCategory(codePoint)];
            if (list.Count > 0 && list[^1].High == codePoint - 1) list[^1] = (list[^1].Low, codePoint);
            else list.Add((codePoint, codePoint));
        }

        return [.. ranges.Select(list => Of(list))];
    }
}
