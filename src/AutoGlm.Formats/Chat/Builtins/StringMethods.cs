using System.Collections.Frozen;
using System.Numerics;
using System.Text;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Methods of strings. Searching and splitting are in <see cref="StringSearch"/>.</summary>
internal static class StringMethods
{
    private delegate object? Method(RenderContext context, string text, Arguments arguments);

    private static readonly FrozenDictionary<string, Method> s_all = new Dictionary<string, Method>
    {
        ["capitalize"] = Mapped(PythonText.Capitalize),
        ["casefold"] = Mapped(text => PythonText.Lower(text.Replace("ß", "ss", StringComparison.Ordinal))),
        ["center"] = (context, text, arguments) => Pad(context, text, arguments, "center"),
        ["count"] = StringSearch.Count,
        ["endswith"] = (context, text, arguments) => StringSearch.StartsOrEnds(context, text, arguments, starts: false),
        ["expandtabs"] = ExpandTabs,
        ["find"] = (context, text, arguments) => StringSearch.Find(context, text, arguments, "find"),
        ["format"] = BraceFormat.Format,
        ["format_map"] = (context, text, arguments) => BraceFormat.FormatMap(context, text, arguments.Bind("format_map", 1, "mapping")[0]),
        ["index"] = (context, text, arguments) => StringSearch.Find(context, text, arguments, "index"),
        ["isalnum"] = Every(Rune.IsLetterOrDigit),
        ["isalpha"] = Every(Rune.IsLetter),
        ["isascii"] = (_, text, _) => Ascii.IsValid(text),
        ["isdecimal"] = Every(Rune.IsDigit),
        ["isdigit"] = Every(rune => Rune.IsDigit(rune) || rune.Value is 0xB2 or 0xB3 or 0xB9 or (>= 0x2070 and <= 0x2079) or (>= 0x2080 and <= 0x2089)),
        ["isidentifier"] = (_, text, _) =>
            text.Length > 0 && !char.IsDigit(text[0]) && text.All(character => char.IsLetterOrDigit(character) || character == '_'),
        ["islower"] = (context, text, _) => IsCased(context, text, Rune.IsLower, Rune.IsUpper),
        ["isnumeric"] = Every(Rune.IsNumber),
        ["isprintable"] = (_, text, _) => text.EnumerateRunes().All(PythonText.IsPrintable),
        ["isspace"] = (_, text, _) => text.Length > 0 && PythonText.IsBlank(text),
        ["istitle"] = (context, text, _) => text.Any(char.IsLetter) && TitleCase(text) == text,
        ["isupper"] = (context, text, _) => IsCased(context, text, Rune.IsUpper, Rune.IsLower),
        ["join"] = (context, text, arguments) => JoinItems(context, text, arguments.Bind("join", 1, "iterable")[0]),
        ["ljust"] = (context, text, arguments) => Pad(context, text, arguments, "ljust"),
        ["lower"] = Mapped(PythonText.Lower),
        ["lstrip"] = (context, text, arguments) => Strip(context, text, arguments, start: true, end: false),
        ["partition"] = (context, text, arguments) => StringSearch.Partition(context, text, arguments, last: false),
        ["removeprefix"] = (context, text, arguments) => Remove(text, arguments.Bind("removeprefix", 1, "prefix").Text(0), prefix: true),
        ["removesuffix"] = (context, text, arguments) => Remove(text, arguments.Bind("removesuffix", 1, "suffix").Text(0), prefix: false),
        ["replace"] = ReplaceMethod,
        ["rfind"] = (context, text, arguments) => StringSearch.Find(context, text, arguments, "rfind"),
        ["rindex"] = (context, text, arguments) => StringSearch.Find(context, text, arguments, "rindex"),
        ["rjust"] = (context, text, arguments) => Pad(context, text, arguments, "rjust"),
        ["rpartition"] = (context, text, arguments) => StringSearch.Partition(context, text, arguments, last: true),
        ["rsplit"] = (context, text, arguments) => StringSearch.Split(context, text, arguments, fromEnd: true),
        ["rstrip"] = (context, text, arguments) => Strip(context, text, arguments, start: false, end: true),
        ["split"] = (context, text, arguments) => StringSearch.Split(context, text, arguments, fromEnd: false),
        ["splitlines"] = SplitLines,
        ["startswith"] = (context, text, arguments) => StringSearch.StartsOrEnds(context, text, arguments, starts: true),
        ["strip"] = (context, text, arguments) => Strip(context, text, arguments, start: true, end: true),
        ["swapcase"] = Mapped(text => string.Concat(text.Select(character =>
            char.IsUpper(character) ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character)))),
        ["title"] = Mapped(TitleCase),
        ["upper"] = Mapped(PythonText.Upper),
        ["zfill"] = ZeroFill,
    }.ToFrozenDictionary();

    /// <summary>The method of that name bound to a text, charged for the text's length on each call; null where there is none.</summary>
    public static FunctionValue? Find(string text, string name) => !s_all.TryGetValue(name, out Method? method)
        ? null
        : new FunctionValue(name, (context, arguments) =>
        {
            context.Meter.Charge(1 + text.Length / 8);
            object? result = method(context, text, arguments);
            if (result is string made && !ReferenceEquals(made, text)) context.Meter.ChargeText(made.Length);
            return result;
        });

    /// <summary>The string that a filter wants as its input.</summary>
    public static string Receiver(object? input, string filter) => input switch
    {
        string text => text,
        UndefinedValue missing => throw missing.Error(),
        _ => throw TemplateError.Value($"{filter} wants a string, not {Types.NameOf(input)}"),
    };

    public static string Join(RenderContext context, string separator, IReadOnlyList<string> parts)
    {
        context.Meter.ChargeText(parts.Sum(part => (long)part.Length) + (long)separator.Length * Math.Max(0, parts.Count - 1));
        return string.Join(separator, parts);
    }

    /// <summary>str.replace; a negative count replaces all.</summary>
    public static string Replace(RenderContext context, string text, string old, string with, int count)
    {
        if (old.Length == 0) return Interleave(context, text, with, count);
        List<int> hits = StringSearch.Occurrences(text, old, count < 0 ? int.MaxValue : count);
        if (hits.Count == 0) return text;
        context.Meter.ChargeText(text.Length + (long)hits.Count * (with.Length - old.Length));
        var result = new StringBuilder();
        int from = 0;
        foreach (int hit in hits)
        {
            result.Append(text, from, hit - from).Append(with);
            from = hit + old.Length;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    private static object? ReplaceMethod(RenderContext context, string text, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("replace", 2, "old", "new", "count");
        return Replace(context, text, bound.Text(0), bound.Text(1), bound.Integer(2, -1));
    }

    /// <summary>Replacing the empty string puts text around every character.</summary>
    private static string Interleave(RenderContext context, string text, string with, int count)
    {
        long places = Math.Min(count < 0 ? long.MaxValue : count, text.Length + 1L);
        context.Meter.ChargeText(text.Length + places * with.Length);
        context.Meter.ChargeItems(text.Length);
        string[] characters = PythonText.Characters(text);
        var result = new StringBuilder();
        for (int i = 0; i <= characters.Length; i++)
        {
            if (i < places) result.Append(with);
            if (i < characters.Length) result.Append(characters[i]);
        }

        return result.ToString();
    }

    private static Method Mapped(Func<string, string> map) => (_, text, _) => map(text);

    private static Method Every(Func<Rune, bool> holds) => (_, text, _) => text.Length > 0 && text.EnumerateRunes().All(holds);

    private static bool All(this StringRuneEnumerator runes, Func<Rune, bool> holds)
    {
        foreach (Rune rune in runes)
        {
            if (!holds(rune)) return false;
        }

        return true;
    }

    private static object? IsCased(RenderContext context, string text, Func<Rune, bool> wanted, Func<Rune, bool> unwanted) =>
        text.EnumerateRunes().All(rune => !unwanted(rune)) && !text.EnumerateRunes().All(rune => !wanted(rune));

    private static string TitleCase(string text)
    {
        var result = new StringBuilder(text.Length);
        bool inWord = false;
        foreach (char character in text)
        {
            result.Append(inWord ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character));
            inWord = char.IsLetter(character);
        }

        return result.ToString();
    }

    private static object? JoinItems(RenderContext context, string separator, object? iterable)
    {
        IReadOnlyList<object?> items = Iteration.Items(context, iterable);
        var parts = new string[items.Count];
        for (int i = 0; i < parts.Length; i++)
        {
            if (items[i] is UndefinedValue missing) throw missing.Error();
            parts[i] = SafeText.Plain(items[i]) as string ?? throw TemplateError.Value($"sequence item {i}: expected str instance, {Types.NameOf(items[i])} found");
        }

        return Join(context, separator, parts);
    }

    private static object? Strip(RenderContext context, string text, Arguments arguments, bool start, bool end)
    {
        BoundArguments bound = arguments.Bind("strip", 0, "chars");
        Func<string, bool> goes = character => PythonText.IsSpace(character[0]);
        if (bound.HasValue(0))
        {
            context.Meter.ChargeItems(bound.Text(0).Length);
            var set = PythonText.Characters(bound.Text(0)).ToHashSet(StringComparer.Ordinal);
            goes = set.Contains;
        }

        int from = 0, to = text.Length;
        while (start && from < to && goes(text.Substring(from, PythonText.UnitsAt(text, from)))) from += PythonText.UnitsAt(text, from);
        while (end && to > from)
        {
            int units = to - from > 1 && char.IsSurrogatePair(text[to - 2], text[to - 1]) ? 2 : 1;
            if (!goes(text.Substring(to - units, units))) break;
            to -= units;
        }

        return text[from..to];
    }

    private static string Remove(string text, string affix, bool prefix)
    {
        if (prefix) return text.StartsWith(affix, StringComparison.Ordinal) ? text[affix.Length..] : text;
        return text.EndsWith(affix, StringComparison.Ordinal) ? text[..^affix.Length] : text;
    }

    private static object? SplitLines(RenderContext context, string text, Arguments arguments)
    {
        bool keepEnds = arguments.Bind("splitlines", 0, "keepends").Flag(0);
        return context.List([.. PythonText.SplitLines(text, keepEnds)]);
    }

    private static object? Pad(RenderContext context, string text, Arguments arguments, string method)
    {
        BoundArguments bound = arguments.Bind(method, 1, "width", "fillchar");
        string fill = bound.Text(1, " ");
        if (PythonText.Length(fill) != 1) throw TemplateError.Value("the fill character must be exactly one character long");
        int width = bound.Integer(0), missing = Math.Max(0, width - PythonText.Length(text));
        context.Meter.ChargeText(text.Length + (long)missing * fill.Length);
        int left = method switch
        {
            "ljust" => 0,
            "rjust" => missing,
            _ => missing / 2 + (missing & width & 1),
        };
        return string.Concat(Enumerable.Repeat(fill, left)) + text + string.Concat(Enumerable.Repeat(fill, missing - left));
    }

    private static object? ZeroFill(RenderContext context, string text, Arguments arguments)
    {
        int missing = Math.Max(0, arguments.Bind("zfill", 1, "width").Integer(0) - PythonText.Length(text));
        context.Meter.ChargeText((long)text.Length + missing);
        string sign = text.StartsWith('-') || text.StartsWith('+') ? text[..1] : "";
        return sign + new string('0', missing) + text[sign.Length..];
    }

    private static object? ExpandTabs(RenderContext context, string text, Arguments arguments)
    {
        int size = Math.Clamp(arguments.Bind("expandtabs", 0, "tabsize").Integer(0, 8), 0, 1 << 10);
        context.Meter.ChargeText(text.Length + (long)text.Count(character => character == '\t') * size);
        var result = new StringBuilder(text.Length);
        int column = 0;
        foreach (char character in text)
        {
            if (character == '\t')
            {
                int spaces = size == 0 ? 0 : size - column % size;
                result.Append(' ', spaces);
                column += spaces;
                continue;
            }

            result.Append(character);
            column = character is '\n' or '\r' ? 0 : column + 1;
        }

        return result.ToString();
    }
}
