using System.Globalization;
using System.Text;

namespace AutoGlm.Formats.Chat.Syntax;

/// <summary>Escapes in string literals: Python's, where an unknown escape stands for itself, backslash included.</summary>
internal static class StringLiteral
{
    public static string Decode(ReadOnlySpan<char> body, int line)
    {
        if (!body.Contains('\\')) return body.ToString();
        var text = new StringBuilder(body.Length);
        for (int i = 0; i < body.Length; i++)
        {
            if (body[i] == '\\' && i + 1 < body.Length) i += DecodeOne(body[(i + 1)..], text, line);
            else text.Append(body[i]);
        }

        return text.ToString();
    }

    /// <summary>Decodes the escape whose first character after the backslash is <c>rest[0]</c>; returns the characters it takes.</summary>
    private static int DecodeOne(ReadOnlySpan<char> rest, StringBuilder text, int line)
    {
        char kind = rest[0];
        switch (kind)
        {
            case '\n': return 1;
            case '\\' or '\'' or '"': text.Append(kind); return 1;
            case 'a': text.Append('\a'); return 1;
            case 'b': text.Append('\b'); return 1;
            case 'f': text.Append('\f'); return 1;
            case 'n': text.Append('\n'); return 1;
            case 'r': text.Append('\r'); return 1;
            case 't': text.Append('\t'); return 1;
            case 'v': text.Append('\v'); return 1;
            case 'x': return 1 + Hexadecimal(rest, 2, text, line);
            case 'u': return 1 + Hexadecimal(rest, 4, text, line);
            case 'U': return 1 + Hexadecimal(rest, 8, text, line);
            case 'N': throw TemplateError.Syntax(line, "character names (\\N{…}) in strings are not supported");
            case >= '0' and <= '7': return Octal(rest, text);
            default: text.Append('\\').Append(kind); return 1;
        }
    }

    private static int Hexadecimal(ReadOnlySpan<char> rest, int digits, StringBuilder text, int line)
    {
        if (rest.Length <= digits
            || !uint.TryParse(rest.Slice(1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            || code > 0x10FFFF)
        {
            throw TemplateError.Syntax(line, $"the escape \\{rest[0]} in a string wants {digits} hexadecimal digits of a Unicode character");
        }

        if (code < 0x10000) text.Append((char)code);
        else text.Append(char.ConvertFromUtf32((int)code));
        return digits;
    }

    private static int Octal(ReadOnlySpan<char> rest, StringBuilder text)
    {
        int length = 0, code = 0;
        while (length < 3 && length < rest.Length && rest[length] is >= '0' and <= '7') code = code * 8 + (rest[length++] - '0');
        text.Append((char)code);
        return length;
    }
}
