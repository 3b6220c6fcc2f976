using System.Globalization;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>
/// Cuts each run of digits into groups of three counted from its end, as numbers are read: what the look-ahead
/// <c>\d{1,3}(?=(?:\d{3})*\b)</c> says, without its unbounded look-ahead.
/// </summary>
/// <param name="atWordEnd">True where a run that a letter, mark or underscore follows is left whole (the <c>\b</c> above).</param>
internal sealed class DigitGroupsPreTokenizer(bool atWordEnd) : PreTokenizer
{
    private static readonly CharacterSet _word = CharacterSet.WordCharacters();

    public override void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink next)
    {
        int done = 0;
        int position = 0;
        var ends = new List<int>();
        while (position < text.Length)
        {
            int start = position;
            ends.Clear();
            while (position < text.Length && IsDigit(text, position, out int length)) ends.Add(position += length);
            if (ends.Count == 0)
            {
                position += Utf8.Length(text[position]);
                continue;
            }

            if (atWordEnd && position < text.Length && _word.Contains(Utf8.Decode(text, position, out _))) continue;
            next.Emit(text[done..start], atStart && done == 0);
            int from = start;
            for (int i = (ends.Count - 1) % 3; i < ends.Count; i += 3)
            {
                next.Emit(text[from..ends[i]], atStart && from == 0);
                from = ends[i];
            }

            done = position;
        }

        next.Emit(text[done..], atStart && done == 0);
    }

    private static bool IsDigit(ReadOnlySpan<byte> text, int position, out int length)
    {
        int codePoint = Utf8.Decode(text, position, out length);
        return CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.DecimalDigitNumber;
    }
}
