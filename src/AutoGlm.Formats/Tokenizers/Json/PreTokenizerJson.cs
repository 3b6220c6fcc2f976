using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Reads the <c>pre_tokenizer</c> of a tokenizer.json.</summary>
internal static class PreTokenizerJson
{
    private const string Punctuation = @"[\p{P}!-/:-@\[-`{-~]";
    // \w as Rust has it, which this one step is defined by: other numbers are not of words.
    private const string WordCharacters = @"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u200C\u200D\u24B6-\u24E9";
    private const string Words = "[" + WordCharacters + "]+|[^" + WordCharacters + @"\s]+";
    private const string DigitsInThrees = @"\d{1,3}(?=(?:\d{3})*\b)";
    private const string DigitsInThreesToTheEnd = @"(?=(\d{3})+(?!\d))";

    public static IReadOnlyList<PreTokenizer> Read(JsonField field)
    {
        if (field.IsNull) return [];
        string type = field["type"].Text();
        switch (type)
        {
            case "Sequence": return Sequence([.. field["pretokenizers"].Items()]);
            case "ByteLevel":
                var steps = new List<PreTokenizer>();
                if (field["add_prefix_space"].FlagOr(true)) steps.Add(new PrefixSpacePreTokenizer());
                if (field["use_regex"].FlagOr(true)) steps.Add(PreTokenizerCache.Split(SplitPatterns.Gpt2));
                return steps;
            case "Split": return [Split(field)];
            case "Metaspace": return [Metaspace(field)];
            case "Digits":
                bool each = field["individual_digits"].FlagOr(false);
                return [Split(@"\p{N}", each ? SplitBehavior.Isolated : SplitBehavior.Contiguous)];
            case "Punctuation": return [Split(Punctuation, Behavior(field["behavior"], SplitBehavior.Isolated))];
            case "Whitespace": return [Split(Words, SplitBehavior.Removed, invert: true)];
            case "WhitespaceSplit": return [Split(@"\s", SplitBehavior.Removed)];
            case "CharDelimiterSplit": return [Split(Regex(Escape(field["delimiter"].Text())), SplitBehavior.Removed, invert: false)];
            case "BertPreTokenizer": return Bert();
            default: throw field["type"].Error($"the pre-tokenizer '{type}' is not supported");
        }
    }

    private static IReadOnlyList<PreTokenizer> Sequence(JsonField[] items)
    {
        var steps = new List<PreTokenizer>();
        bool spelled = false;
        for (int i = 0; i < items.Length; i++)
        {
            steps.AddRange(Read(items[i]));
            // Steps after ByteLevel see its alphabet, not the text (Falcon); the vocabulary here is of bytes again.
            if (spelled || i == items.Length - 1 || items[i]["type"].Text() != "ByteLevel") continue;
            spelled = true;
            steps.Add(new ByteAlphabetPreTokenizer(toBytes: false));
        }

        if (spelled) steps.Add(new ByteAlphabetPreTokenizer(toBytes: true));
        return steps;
    }

    /// <summary>BERT's: words between white space, punctuation by itself.</summary>
    public static IReadOnlyList<PreTokenizer> Bert() => [Split(@"\s", SplitBehavior.Removed), Split(Punctuation, SplitBehavior.Isolated)];

    /// <exception cref="ModelFormatException">The expression is malformed or beyond what runs in linear time.</exception>
    public static CodePointRegex Regex(JsonField field)
    {
        string pattern = field.Text();
        try
        {
            return new CodePointRegex(pattern);
        }
        catch (NotSupportedException e)
        {
            throw field.Error(e.Message, e);
        }
    }

    private static CodePointRegex Regex(string pattern) => new(pattern);

    private static SplitPreTokenizer Split(string pattern, SplitBehavior behavior, bool invert = false) => new(Regex(pattern), behavior, invert);

    private static SplitPreTokenizer Split(CodePointRegex regex, SplitBehavior behavior, bool invert) => new(regex, behavior, invert);

    private static PreTokenizer Split(JsonField field)
    {
        SplitBehavior behavior = Behavior(field["behavior"], SplitBehavior.Isolated);
        bool invert = field["invert"].FlagOr(false);
        JsonField text = field["pattern"]["String"];
        if (!text.IsNull)
        {
            return text.Text() is { Length: > 0 } literal ? Split(Regex(Escape(literal)), behavior, invert) : throw text.Error("must not be empty");
        }

        JsonField regex = field["pattern"]["Regex"];
        if (behavior == SplitBehavior.Isolated && !invert && regex.Text() is DigitsInThrees or DigitsInThreesToTheEnd)
        {
            return new DigitGroupsPreTokenizer(atWordEnd: regex.Text() == DigitsInThrees);
        }

        return Split(Regex(regex), behavior, invert);
    }

    private static string Escape(string literal)
    {
        var pattern = new StringBuilder();
        foreach (Rune rune in literal.EnumerateRunes()) pattern.Append($"\\x{{{rune.Value:X}}}");
        return pattern.ToString();
    }

    private static MetaspacePreTokenizer Metaspace(JsonField field)
    {
        byte[] replacement = Encoding.UTF8.GetBytes(field["replacement"].TextOr("\u2581"));
        if (replacement.Length == 0) throw field["replacement"].Error("must not be empty");
        JsonField scheme = field["prepend_scheme"];
        MetaspacePreTokenizer.Prepend prepend = scheme.TextOr(field["add_prefix_space"].FlagOr(true) ? "always" : "never") switch
        {
            "always" => MetaspacePreTokenizer.Prepend.Always,
            "first" => MetaspacePreTokenizer.Prepend.First,
            "never" => MetaspacePreTokenizer.Prepend.Never,
            string other => throw scheme.Error($"'{other}' is not one of always, first, never"),
        };
        return new MetaspacePreTokenizer(replacement, prepend, field["split"].FlagOr(true));
    }

    private static SplitBehavior Behavior(JsonField field, SplitBehavior fallback) => field.TextOr(fallback.ToString()) switch
    {
        "Isolated" => SplitBehavior.Isolated,
        "Removed" => SplitBehavior.Removed,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        string other => throw field.Error($"the behavior '{other}' is not supported"),
    };
}
