using System.Globalization;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>BERT's clean-up: control characters out, all white space as spaces, CJK ideographs as words, case and accents away.</summary>
internal sealed class BertNormalizer(bool cleanText, bool separateIdeographs, bool stripAccents, bool lowercase) : Normalizer
{
    private static readonly CharacterSet _ideographs = CharacterSet.Of((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF),
        (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F));

    public override string Apply(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (cleanText && IsDropped(rune)) continue;
            if (cleanText && CharacterSet.IsWhiteSpace(rune.Value)) result.Append(' ');
            else if (separateIdeographs && _ideographs.Contains(rune.Value)) result.Append(' ').Append(rune.ToString()).Append(' ');
            else result.Append(rune.ToString());
        }

        string clean = result.ToString();
        if (stripAccents) clean = WithoutAccents(UnicodeNormalization.Normalize(clean, NormalizationForm.FormD));
        return lowercase ? clean.ToLowerInvariant() : clean;
    }

    private static string WithoutAccents(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark) result.Append(rune.ToString());
        }

        return result.ToString();
    }

    private static bool IsDropped(Rune rune) =>
        rune.Value == 0xFFFD || (rune.Value is not ('\t' or '\n' or '\r') && Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);
}
