using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>GPT-2's way of writing bytes as printable characters, in which byte-level vocabularies are stored.</summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] _characterOf = new char[256];
    private static readonly short[] _byteOf = new short[324];

    static ByteLevelAlphabet()
    {
        Array.Fill(_byteOf, (short)-1);
        int extra = 256;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            _characterOf[b] = (char)(printable ? b : extra++);
            _byteOf[_characterOf[b]] = (short)b;
        }
    }

    /// <summary>The bytes that a token's text (UTF-8) stands for; false where a character is not of the alphabet.</summary>
    /// <param name="destination">At least as long as the text.</param>
    public static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> destination, out int length)
    {
        length = 0;
        for (int position = 0; position < text.Length;)
        {
            int codePoint = Utf8.Decode(text, position, out int used);
            if (codePoint >= _byteOf.Length || _byteOf[codePoint] < 0) return false;
            destination[length++] = (byte)_byteOf[codePoint];
            position += used;
        }

        return true;
    }

    /// <summary>Writes bytes in the alphabet, as UTF-8; returns the length.</summary>
    /// <param name="destination">At least twice as long.</param>
    public static int Encode(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        int length = 0;
        foreach (byte b in bytes) length += new Rune(_characterOf[b]).EncodeToUtf8(destination[length..]);
        return length;
    }

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (byte b in bytes) text.Append(_characterOf[b]);
        return text.ToString();
    }
}
