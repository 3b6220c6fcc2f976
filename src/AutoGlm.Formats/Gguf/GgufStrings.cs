using System.Buffers.Binary;
using System.Collections;
using System.Text;

namespace AutoGlm.Formats.Gguf;

/// <summary>
/// An array of strings as the file holds it: one buffer, and where each starts. Vocabularies have 10^5 entries, so each
/// becomes a <see cref="string"/> only when asked for.
/// </summary>
public sealed class GgufStrings : IReadOnlyList<string>
{
    internal const int LengthBytes = 8;
    private readonly byte[] _encoded;
    private readonly int[] _starts;

    /// <param name="encoded">Each string as its 64-bit length and bytes.</param>
    /// <param name="starts">Offset of each length, and at last the end.</param>
    internal GgufStrings(byte[] encoded, int[] starts)
    {
        _encoded = encoded;
        _starts = starts;
    }

    internal static GgufStrings From(IReadOnlyList<string> items)
    {
        int[] starts = new int[items.Count + 1];
        for (int i = 0; i < items.Count; i++)
        {
            starts[i + 1] = checked(starts[i] + LengthBytes + Encoding.UTF8.GetByteCount(items[i]));
        }

        byte[] encoded = new byte[starts[^1]];
        for (int i = 0; i < items.Count; i++)
        {
            int length = Encoding.UTF8.GetBytes(items[i], encoded.AsSpan(starts[i] + LengthBytes));
            BinaryPrimitives.WriteInt64LittleEndian(encoded.AsSpan(starts[i]), length);
        }

        return new GgufStrings(encoded, starts);
    }

    public int Count => _starts.Length - 1;

    /// <summary>The string; bytes that are not UTF-8 become U+FFFD.</summary>
    public string this[int index] => Encoding.UTF8.GetString(Utf8(index));

    /// <summary>The string's bytes as they are.</summary>
    public ReadOnlySpan<byte> Utf8(int index) => _encoded.AsSpan((_starts[index] + LengthBytes).._starts[index + 1]);

    public string[] ToArray()
    {
        string[] items = new string[Count];
        for (int i = 0; i < items.Length; i++) items[i] = this[i];
        return items;
    }

    public IEnumerator<string> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The array's elements as a file holds them.</summary>
    internal ReadOnlySpan<byte> Encoded => _encoded;
}
