using System.Buffers.Binary;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>SentencePiece's precompiled character map: the longest prefix that the map knows is replaced, over and over.</summary>
/// <remarks>A double-array trie (S. Kanda's XOR-compressed form, as darts-clone writes it) and the replacements, NUL-terminated.</remarks>
internal sealed class PrecompiledNormalizer : Normalizer
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    /// <exception cref="ModelFormatException">The map's sizes do not fit its bytes.</exception>
    public PrecompiledNormalizer(ReadOnlySpan<byte> map, string file, string field)
    {
        uint size = map.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(map) : uint.MaxValue;
        if (size % 4 != 0 || size > (uint)(map.Length - 4)) throw new ModelFormatException(file, field, "its trie is cut short");
        _units = new uint[size / 4];
        for (int i = 0; i < _units.Length; i++) _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[(4 + 4 * i)..]);
        _replacements = map[(4 + (int)size)..].ToArray();
    }

    public override string Apply(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        using var result = new MemoryStream(bytes.Length);
        for (int at = 0; at < bytes.Length;)
        {
            if (Longest(bytes.AsSpan(at), out ReadOnlySpan<byte> replacement) is > 0 and int length)
            {
                result.Write(replacement);
                at += length;
                continue;
            }

            int character = Math.Min(Utf8.Length(bytes[at]), bytes.Length - at);
            result.Write(bytes, at, character);
            at += character;
        }

        return Encoding.UTF8.GetString(result.GetBuffer(), 0, (int)result.Length);
    }

    private int Longest(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        replacement = default;
        int best = 0;
        if (_units.Length == 0) return 0;
        uint node = Offset(_units[0]);
        for (int i = 0; i < text.Length && text[i] != 0; i++)
        {
            node ^= text[i];
            if (node >= _units.Length) break;
            uint unit = _units[node];
            if ((unit & (1u << 31 | 0xFF)) != text[i]) break;
            node ^= Offset(unit);
            bool ends = (unit >> 8 & 1) != 0;
            if (!ends || node >= _units.Length) continue;
            uint value = _units[node] & 0x7FFF_FFFF;
            if (value >= _replacements.Length) continue;
            ReadOnlySpan<byte> found = _replacements.AsSpan((int)value);
            int end = found.IndexOf((byte)0);
            if (end < 0) continue;
            replacement = found[..end];
            best = i + 1;
        }

        return best;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1u << 9) >> 6);
}
