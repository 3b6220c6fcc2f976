using System.Text;
using AutoGlm.Formats.Chat.Evaluation;
using AutoGlm.Formats.Chat.Values;

namespace AutoGlm.Formats.Chat.Builtins;

/// <summary>Filters on text.</summary>
internal static class TextFilters
{
    /// <summary>Width that the filter center takes by default.</summary>
    private static readonly object s_page = new System.Numerics.BigInteger(80);

    public static IEnumerable<(string Name, Filter Filter)> All =>
    [
        ("capitalize", (context, input, arguments) => Method(context, input, "capitalize", arguments)),
        ("center", (context, input, arguments) => Method(context, input, "center", Arguments.Of(arguments.Bind("center", 0, "width").Or(0, s_page)))),
        ("e", Escape),
        ("escape", Escape),
        ("forceescape", Escape),
        ("format", Format),
        ("indent", Indent),
        ("lower", (context, input, arguments) => Method(context, input, "lower", arguments)),
        ("pprint", (context, input, _) => context.Text(Printing.Repr(input, context.Meter.MaxTextLength))),
        ("replace", Replace),
        ("safe", (context, input, _) => context.Str(input)),
        ("string", (context, input, _) => context.Str(input)),
        ("title", Title),
        ("tojson", JsonText.Filter),
        ("trim", Trim),
        ("truncate", Truncate),
        ("upper", (context, input, arguments) => Method(context, input, "upper", arguments)),
        ("urlencode", UrlEncode),
        ("wordcount", WordCount),
    ];

    private static object? Method(RenderContext context, object? input, string method, Arguments arguments) =>
        StringMethods.Find(context.Str(input), method)!.Call(context, arguments);

    private static string Escape(RenderContext context, object? input, Arguments arguments) => SafeText.Escape(context, context.Str(input));

    private static string Format(RenderContext context, object? input, Arguments arguments)
    {
        if (arguments.Positional.Count > 0 && arguments.Named.Count > 0)
        {
            throw TemplateError.Value("format: positional and keyword arguments cannot be mixed");
        }

        object values = arguments.Named.Count > 0
            ? new DictValue(arguments.Named.Select(argument => new KeyValuePair<object?, object?>(argument.Key, argument.Value)))
            : new TupleValue(arguments.Positional);
        return PrintfFormat.Format(context, context.Str(input), values);
    }

    private static string Indent(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("indent", 0, "width", "first", "blank");
        string text = StringMethods.Receiver(input, "indent");
        string indention = bound.Or(0, null) as string ?? new string(' ', Math.Clamp(bound.Integer(0, 4), 0, 1 << 16));
        bool first = bound.Flag(1), blank = bound.Flag(2);
        context.Meter.ChargeText(text.Length);
        List<string> lines = PythonText.SplitLines(text + "\n");
        context.Meter.ChargeText(text.Length + (long)lines.Count * (indention.Length + 1));
        var result = new StringBuilder(first ? indention : "").Append(lines[0]);
        foreach (string line in lines.Skip(1)) result.Append('\n').Append(blank || line.Length > 0 ? indention : "").Append(line);
        return result.ToString();
    }

    private static object? Replace(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("replace", 2, "old", "new", "count");
        int count = bound.HasValue(2) ? bound.Integer(2) : -1;
        return StringMethods.Replace(context, context.Str(input), context.Str(bound[0]), context.Str(bound[1]), count);
    }

    /// <summary>Jinja's own title: words start after white space, hyphens and opening brackets.</summary>
    private static string Title(RenderContext context, object? input, Arguments arguments)
    {
        string text = context.Str(input);
        context.Meter.ChargeText(2L * text.Length);
        var result = new StringBuilder(text.Length);
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = start + 1;
            while (end < text.Length && IsBorder(text[end]) == IsBorder(text[start])) end++;
            result.Append(PythonText.Capitalize(text[start..end]));
        }

        return result.ToString();
    }

    private static bool IsBorder(char character) => PythonText.IsSpace(character) || character is '-' or '(' or '{' or '[' or '<';

    private static object? Trim(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("trim", 0, "chars");
        return Method(context, input, "strip", bound.HasValue(0) ? Arguments.Of(bound[0]) : Arguments.None);
    }

    private static string Truncate(RenderContext context, object? input, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("truncate", 0, "length", "killwords", "end", "leeway");
        string text = StringMethods.Receiver(input, "truncate"), end = bound.Text(2, "...");
        int length = bound.Integer(0, 255), leeway = bound.HasValue(3) ? bound.Integer(3) : 5;
        int endLength = PythonText.Length(end);
        if (length < endLength) throw TemplateError.Value($"truncate: expected length >= {endLength}, got {length}");
        if (leeway < 0) throw TemplateError.Value($"truncate: expected leeway >= 0, got {leeway}");
        context.Meter.ChargeText(text.Length);
        if (PythonText.Length(text) <= (long)length + leeway) return text;
        string kept = text[..PythonText.Offset(text, length - endLength)];
        int space = bound.Flag(1) ? -1 : kept.LastIndexOf(' ');
        return context.Text((space >= 0 ? kept[..space] : kept) + end);
    }

    private static string UrlEncode(RenderContext context, object? input, Arguments arguments)
    {
        if (input is string || !Iteration.IsIterable(input)) return Quote(context, input, safe: "/");
        IEnumerable<(object? Key, object? Value)> pairs = input is DictValue dictionary
            ? dictionary.Entries.Select(entry => (entry.Key, entry.Value))
            : Iteration.Items(context, input).Select(item => Iteration.Items(context, item) is [var key, var value]
                ? (key, value)
                : throw TemplateError.Value("urlencode wants pairs"));
        IEnumerable<string> parts = pairs.Select(pair => $"{QuoteForQuery(context, pair.Key)}={QuoteForQuery(context, pair.Value)}");
        return context.Text(string.Join('&', parts));
    }

    private static string QuoteForQuery(RenderContext context, object? value) =>
        Quote(context, value, safe: "").Replace("%20", "+", StringComparison.Ordinal);

    private static string Quote(RenderContext context, object? value, string safe)
    {
        string text = context.Str(value);
        context.Meter.ChargeText(9L * text.Length);
        var result = new StringBuilder(text.Length);
        foreach (byte unit in Encoding.UTF8.GetBytes(text))
        {
            char character = (char)unit;
            if (char.IsAsciiLetterOrDigit(character) || "_.-~".Contains(character) || safe.Contains(character)) result.Append(character);
            else result.Append('%').Append(unit.ToString("X2"));
        }

        return result.ToString();
    }

    private static object? WordCount(RenderContext context, object? input, Arguments arguments)
    {
        string text = context.Str(input);
        context.Meter.ChargeText(text.Length);
        int words = 0;
        bool inside = false;
        foreach (char character in text)
        {
            bool word = char.IsLetterOrDigit(character) || character == '_' || char.IsSurrogate(character);
            if (word && !inside) words++;
            inside = word;
        }

        return new System.Numerics.BigInteger(words);
    }
}
