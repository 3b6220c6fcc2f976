using System.Globalization;
using System.Text;

namespace AutoGlm.Formats.Chat.Values;

/// <summary>Python's view of text: its white space, its code points, and how it prints values.</summary>
internal static class PythonText
{
    /// <summary>str.isspace for one character.</summary>
    public static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';

    public static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (char character in text)
        {
            if (!IsSpace(character)) return false;
        }

        return true;
    }

    public static string TrimStart(string text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start])) start++;
        return text[start..];
    }

    public static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    public static bool HasSurrogates(ReadOnlySpan<char> text) => text.ContainsAnyInRange('\ud800', '\udfff');

    /// <summary>len(text): code points, where a surrogate without its pair counts as one.</summary>
    public static int Length(string text)
    {
        if (!HasSurrogates(text)) return text.Length;
        int count = 0;
        for (int i = 0; i < text.Length; i += UnitsAt(text, i)) count++;
        return count;
    }

    /// <summary>UTF-16 units of the code point at an offset.</summary>
    public static int UnitsAt(string text, int offset) => char.IsSurrogatePair(text, offset) ? 2 : 1;

    /// <summary>The text's code points, each as a string.</summary>
    public static string[] Characters(string text)
    {
        var characters = new string[Length(text)];
        for (int i = 0, offset = 0; i < characters.Length; i++)
        {
            int units = UnitsAt(text, offset);
            characters[i] = text.Substring(offset, units);
            offset += units;
        }

        return characters;
    }

    /// <summary>UTF-16 offset of a code point index that lies in 0..Length.</summary>
    public static int Offset(string text, int index)
    {
        if (!HasSurrogates(text)) return index;
        int offset = 0;
        while (index-- > 0) offset += UnitsAt(text, offset);
        return offset;
    }

    /// <summary>Orders text by code point.</summary>
    public static int Compare(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        bool leftHigh = char.IsSurrogate(left[same]), rightHigh = char.IsSurrogate(right[same]);
        return leftHigh == rightHigh ? left[same].CompareTo(right[same]) : leftHigh ? 1 : -1;
    }

    /// <summary>Whether Python prints a character as itself in a repr.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    /// <summary>str.splitlines: the borders of every line, without its ending unless asked for.</summary>
    public static List<string> SplitLines(string text, bool keepEnds = false)
    {
        var lines = new List<string>();
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !IsLineBreak(text[end])) end++;
            int next = end + (end < text.Length ? text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1 : 0);
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    public static string Upper(string text) => text.ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal);

    public static string Lower(string text) => text.ToLowerInvariant();

    /// <summary>str.capitalize: the first character upper, the rest lower.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0) return text;
        int first = UnitsAt(text, 0);
        return Upper(text[..first]) + Lower(text[first..]);
    }

    private static bool IsLineBreak(char character) =>
        character is (>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';
}
