using System.Numerics;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Searching and splitting text, by ordinal comparison; indices count code points.</summary>
internal static class StringSearch
{
    /// <summary>Offsets of a part that is not empty, from the left, none over another.</summary>
    public static List<int> Occurrences(string text, string part, int most)
    {
        var hits = new List<int>();
        for (int at = 0; hits.Count < most && (at = text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length) hits.Add(at);
        return hits;
    }

    public static object? Count(RenderContext context, string text, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("count", 1, "sub", "start", "end");
        (int start, int end) = Bounds(text, bound);
        string part = bound.Text(0);
        if (start > end) return BigInteger.Zero;
        string inside = text[start..end];
        return new BigInteger(part.Length == 0 ? PythonText.Length(inside) + 1 : Occurrences(inside, part, int.MaxValue).Count);
    }

    public static object? Find(RenderContext context, string text, Arguments arguments, string method)
    {
        BoundArguments bound = arguments.Bind(method, 1, "sub", "start", "end");
        (int start, int end) = Bounds(text, bound);
        string part = bound.Text(0);
        int hit = start > end ? -1 : method[0] == 'r'
            ? text.AsSpan(start, end - start).LastIndexOf(part)
            : text.AsSpan(start, end - start).IndexOf(part);
        if (hit < 0) return method.EndsWith("index", StringComparison.Ordinal) ? throw TemplateError.Value("substring not found") : BigInteger.MinusOne;
        return new BigInteger(PythonText.Length(text[..(start + hit)]));
    }

    public static object? StartsOrEnds(RenderContext context, string text, Arguments arguments, bool starts)
    {
        string name = starts ? "startswith" : "endswith";
        BoundArguments bound = arguments.Bind(name, 1, starts ? "prefix" : "suffix", "start", "end");
        IReadOnlyList<object?> affixes = bound[0] is TupleValue tuple ? tuple.Items : [bound.Text(0)];
        (int start, int end) = Bounds(text, bound);
        if (start > end) return false;
        context.Meter.Charge(TemplateValue.WeightOf(bound[0]));
        foreach (object? affix in affixes)
        {
            if (affix is not string part) throw TemplateError.Value($"tuple for {name} must only contain str, not {Types.NameOf(affix)}");
            ReadOnlySpan<char> inside = text.AsSpan(start, end - start);
            if (starts ? inside.StartsWith(part, StringComparison.Ordinal) : inside.EndsWith(part, StringComparison.Ordinal)) return true;
        }

        return false;
    }

    public static object? Partition(RenderContext context, string text, Arguments arguments, bool last)
    {
        string separator = arguments.Bind("partition", 1, "sep").Text(0);
        if (separator.Length == 0) throw TemplateError.Value("empty separator");
        int hit = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        if (hit < 0) return new TupleValue(last ? ["", "", text] : [text, "", ""]);
        context.Meter.ChargeText(text.Length);
        return new TupleValue([text[..hit], separator, text[(hit + separator.Length)..]]);
    }

    public static object? Split(RenderContext context, string text, Arguments arguments, bool fromEnd)
    {
        BoundArguments bound = arguments.Bind("split", 0, "sep", "maxsplit");
        int most = bound.Integer(1, -1);
        if (most < 0) most = int.MaxValue;
        context.Meter.ChargeText(text.Length);
        List<string> parts = !bound.HasValue(0) ? SplitBlanks(text, most, fromEnd)
            : bound.Text(0).Length == 0 ? throw TemplateError.Value("empty separator")
            : SplitAt(text, bound.Text(0), most, fromEnd);
        return context.List(parts.ToArray<object?>());
    }

    private static List<string> SplitAt(string text, string separator, int most, bool fromEnd)
    {
        var parts = new List<string>();
        if (!fromEnd)
        {
            int from = 0;
            foreach (int hit in Occurrences(text, separator, most))
            {
                parts.Add(text[from..hit]);
                from = hit + separator.Length;
            }

            parts.Add(text[from..]);
            return parts;
        }

        int end = text.Length;
        for (int hit; parts.Count < most && (hit = text.AsSpan(0, end).LastIndexOf(separator)) >= 0; end = hit)
        {
            parts.Add(text[(hit + separator.Length)..end]);
        }

        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    /// <summary>Splits at runs of white space; the ends give no empty parts.</summary>
    private static List<string> SplitBlanks(string text, int most, bool fromEnd)
    {
        var parts = new List<string>();
        if (fromEnd)
        {
            for (int end = text.Length; (end = PythonText.TrimEnd(text[..end]).Length) > 0;)
            {
                int start = end;
                while (start > 0 && !PythonText.IsSpace(text[start - 1])) start--;
                if (parts.Count == most) start = 0;
                parts.Add(text[start..end]);
                end = start;
            }

            parts.Reverse();
            return parts;
        }

        for (int start = 0, end; ; start = end)
        {
            while (start < text.Length && PythonText.IsSpace(text[start])) start++;
            if (start == text.Length) return parts;
            end = start;
            while (end < text.Length && (parts.Count == most || !PythonText.IsSpace(text[end]))) end++;
            parts.Add(text[start..end]);
        }
    }

    /// <summary>UTF-16 offsets of the arguments start and end, which count code points and may be negative or None.</summary>
    private static (int Start, int End) Bounds(string text, BoundArguments bound)
    {
        if (!bound.HasValue(1) && !bound.HasValue(2)) return (0, text.Length);
        int length = PythonText.Length(text);
        int start = bound.HasValue(1) ? bound.Integer(1) : 0, end = bound.HasValue(2) ? bound.Integer(2) : length;
        if (start < 0) start = Math.Max(0, start + length);
        if (end < 0) end = Math.Max(0, end + length);
        if (start > length) return (1, 0);
        return (PythonText.Offset(text, start), PythonText.Offset(text, Math.Min(end, length)));
    }
}
