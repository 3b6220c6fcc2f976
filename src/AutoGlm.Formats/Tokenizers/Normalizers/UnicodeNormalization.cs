using System.Globalization;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Unicode normalisation forms C, D, KC and KD (Unicode Standard Annex #15).</summary>
/// <remarks>
/// <see cref="string.Normalize()"/> returns its input unchanged under invariant globalization, which a small deployment
/// without ICU needs; hence a table of our own, read when first used.
/// </remarks>
internal static class UnicodeNormalization
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int VowelCount = 21, TrailCount = 28, HangulCount = 19 * VowelCount * TrailCount;
    private const int FirstDecomposing = 0xA0;

    private static readonly Lazy<Tables> _tables = new(Tables.Read);

    public static string Normalize(string text, NormalizationForm form)
    {
        bool compose = form is NormalizationForm.FormC or NormalizationForm.FormKC;
        bool compatible = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
        // Below U+0300 nothing composes, and below U+00A0 nothing decomposes: most text is left as it is.
        char first = compose && !compatible ? '\u0300' : (char)FirstDecomposing;
        if (text.AsSpan().IndexOfAnyInRange(first, '\uFFFF') < 0) return text;
        Tables tables = _tables.Value;
        var points = new List<int>(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) Decompose(rune.Value, compatible, tables, points);
        Order(points, tables);
        if (compose) Compose(points, tables);
        var result = new StringBuilder(points.Count);
        foreach (int point in points) result.Append(new Rune(point).ToString());
        return result.ToString();
    }

    private static void Decompose(int point, bool compatible, Tables tables, List<int> output)
    {
        int hangul = point - HangulBase;
        if (hangul is >= 0 and < HangulCount)
        {
            output.Add(LeadBase + hangul / (VowelCount * TrailCount));
            output.Add(VowelBase + hangul % (VowelCount * TrailCount) / TrailCount);
            if (hangul % TrailCount != 0) output.Add(TrailBase + hangul % TrailCount);
        }
        else if (point >= FirstDecomposing && tables.Parts(point, compatible) is { } parts)
        {
            foreach (int part in parts) Decompose(part, compatible, tables, output);
        }
        else
        {
            output.Add(point);
        }
    }

    /// <summary>Sorts each run of combining marks by class, equal classes in their order.</summary>
    private static void Order(List<int> points, Tables tables)
    {
        for (int start = 0; start < points.Count; start++)
        {
            if (tables.Class(points[start]) == 0) continue;
            int end = start;
            while (end < points.Count && tables.Class(points[end]) != 0) end++;
            int[] sorted = [.. points[start..end].OrderBy(tables.Class)];
            for (int i = 0; i < sorted.Length; i++) points[start + i] = sorted[i];
            start = end;
        }
    }

    private static void Compose(List<int> points, Tables tables)
    {
        int starter = -1;
        int kept = 0;
        int lastClass = 0;
        for (int i = 0; i < points.Count; i++)
        {
            int point = points[i];
            int combining = tables.Class(point);
            bool blocked = starter < 0 || (kept - 1 > starter && (lastClass >= combining || lastClass == 0));
            if (!blocked && TryCompose(points[starter], point, tables, out int composed))
            {
                points[starter] = composed;
                continue;
            }

            if (combining == 0) starter = kept;
            lastClass = combining;
            points[kept++] = point;
        }

        points.RemoveRange(kept, points.Count - kept);
    }

    private static bool TryCompose(int first, int second, Tables tables, out int composed)
    {
        int lead = first - LeadBase, vowel = second - VowelBase, hangul = first - HangulBase, trail = second - TrailBase;
        if (lead is >= 0 and < 19 && vowel is >= 0 and < VowelCount)
        {
            composed = HangulBase + (lead * VowelCount + vowel) * TrailCount;
            return true;
        }

        if (hangul is >= 0 and < HangulCount && hangul % TrailCount == 0 && trail is > 0 and < TrailCount)
        {
            composed = first + trail;
            return true;
        }

        return tables.Compositions.TryGetValue((first, second), out composed);
    }

    private sealed class Tables
    {
        private readonly Dictionary<int, int> _classes = [];
        private readonly Dictionary<int, (int[] Parts, bool Compatible)> _decompositions = [];

        public Dictionary<(int First, int Second), int> Compositions { get; } = [];

        /// <summary>What a character is made of; null where it is not taken apart.</summary>
        public int[]? Parts(int point, bool compatible) =>
            _decompositions.TryGetValue(point, out (int[] Parts, bool Compatible) found) && (compatible || !found.Compatible) ? found.Parts : null;

        public int Class(int point) => point < 0x300 ? 0 : _classes.GetValueOrDefault(point);

        public static Tables Read()
        {
            var tables = new Tables();
            using Stream stream = typeof(Tables).Assembly.GetManifestResourceStream("AutoGlm.Formats.normalization.txt")!;
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line)
            {
                if (line[0] != '#') tables.Add(line);
            }

            return tables;
        }

        private void Add(string line)
        {
            string[] fields = line.TrimStart('@').Split(' ');
            int point = Hexadecimal(fields[0]);
            if (line[0] == '@')
            {
                for (int i = point; i <= Hexadecimal(fields[1]); i++) _classes[i] = int.Parse(fields[2], CultureInfo.InvariantCulture);
                return;
            }

            char mark = fields[1][0];
            int[] parts = [.. fields.Skip(1).Select(field => Hexadecimal(field.TrimStart('!', '~')))];
            _decompositions[point] = (parts, mark == '~');
            if (mark is not ('!' or '~')) Compositions[(parts[0], parts[1])] = point;
        }

        private static int Hexadecimal(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
