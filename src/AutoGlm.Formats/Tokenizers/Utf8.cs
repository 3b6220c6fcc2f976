namespace AutoGlm.Formats.Tokenizers;

/// <summary>Code points of UTF-8 text that is known to be well formed.</summary>
internal static class Utf8
{
    /// <summary>Bytes of the sequence that a leading byte starts; 1 for a byte that starts none.</summary>
    public static int Length(byte lead) => lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

    public static int Decode(ReadOnlySpan<byte> text, int position, out int length)
    {
        byte lead = text[position];
        length = Length(lead);
        if (length > text.Length - position)
        {
            length = 1;
            return 0xFFFD;
        }

        switch (length)
        {
            case 1: return lead < 0x80 ? lead : 0xFFFD;
            case 2: return (lead & 0x1F) << 6 | text[position + 1] & 0x3F;
            case 3: return (lead & 0xF) << 12 | (text[position + 1] & 0x3F) << 6 | text[position + 2] & 0x3F;
            default:
                int codePoint = (lead & 7) << 18 | (text[position + 1] & 0x3F) << 12 | (text[position + 2] & 0x3F) << 6 | text[position + 3] & 0x3F;
                return Math.Min(codePoint, 0x10FFFF);
        }
    }
}
