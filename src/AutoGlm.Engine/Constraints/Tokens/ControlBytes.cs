namespace AutoGlm.Engine.Constraints.Tokens;

/// <summary>
/// Control tokens as bytes, so that one automaton serves for them and for text: 0xFF, which no UTF-8 has, and the id in four
/// bytes of the kind that continues a character, so that no marker can begin inside.
/// </summary>
internal static class ControlBytes
{
    public const byte Mark = 0xFF;

    private const int Length = 5;
    private const int DigitBits = 6;
    private const byte Digit = 0x80;

    public static byte[] Of(int id)
    {
        byte[] bytes = new byte[Length];
        bytes[0] = Mark;
        for (int i = 1; i < Length; i++) bytes[i] = (byte)(Digit | (id >> DigitBits * (Length - 1 - i) & (1 << DigitBits) - 1));
        return bytes;
    }

    /// <summary>The token that bytes begin with; false where they are too few.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out int id)
    {
        id = 0;
        if (bytes.Length < Length || bytes[0] != Mark) return false;
        foreach (byte digit in bytes[1..Length]) id = id << DigitBits | digit & (1 << DigitBits) - 1;
        return true;
    }
}
