using System.Globalization;
using System.Text;

namespace AutoGlm.Cli.Output;

/// <summary>Text from models and their files, made safe to show: it must not steer the terminal.</summary>
internal static class PlainText
{
    /// <summary>The text with control characters other than line ends and tabs made visible.</summary>
    public static string Clean(string text) => text.Any(IsUnsafe) ? Replace(text, IsUnsafe) : text;

    /// <summary>The text in one line: line ends and tabs are made visible too.</summary>
    public static string OneLine(string text) => text.Any(char.IsControl) || text.Any(IsUnsafe) ? Replace(text, c => char.IsControl(c) || IsUnsafe(c)) : text;

    /// <summary>The beginning of a text, in one line of so many characters at most.</summary>
    public static string Abridged(string text, int most)
    {
        string line = OneLine(text.Length > 4 * most ? text[..(4 * most)] : text);
        return line.Length <= most ? line : line[..(most - 1)] + "…";
    }

    private static bool IsUnsafe(char c) => char.IsControl(c) ? c is not ('\n' or '\t') : char.GetUnicodeCategory(c) == UnicodeCategory.Format && IsDirectional(c);

    private static bool IsDirectional(char c) => c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private static string Replace(string text, Func<char, bool> replace)
    {
        StringBuilder clean = new(text.Length + 8);
        foreach (char c in text)
        {
            if (!replace(c)) clean.Append(c);
            else if (c == '\n') clean.Append("\\n");
            else if (c == '\r') clean.Append("\\r");
            else if (c == '\t') clean.Append("\\t");
            else clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }

        return clean.ToString();
    }
}
