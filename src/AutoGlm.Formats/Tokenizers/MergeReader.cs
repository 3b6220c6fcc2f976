using System.Globalization;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Turns merges as files write them, two texts each, into a <see cref="MergeTable"/> of ids.</summary>
/// <param name="strict">True where a merge of unknown tokens is an error; else it is left out.</param>
internal sealed class MergeReader(Vocabulary vocabulary, bool byteLevel, int count, bool strict, string file, string field)
{
    private readonly MergeTable _table = new(count);
    private byte[] _buffer = new byte[256];
    private uint _rank;

    public MergeTable Table => _table;

    /// <summary>Adds <c>left right</c>, as in "Ġ t"; the first space that is not the first character parts them.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        int space = text.Length < 3 ? -1 : text[1..].IndexOf((byte)' ') + 1;
        if (space <= 0 || space == text.Length - 1) throw Bad("is not two tokens with a space between");
        Add(text[..space], text[(space + 1)..]);
    }

    public void Add(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (_buffer.Length < left.Length + right.Length) _buffer = new byte[(left.Length + right.Length) * 2];
        int leftLength = Bytes(left, _buffer);
        int length = leftLength < 0 ? -1 : Bytes(right, _buffer.AsSpan(leftLength)) + leftLength;
        int leftId = -1, rightId = -1, merged = -1;
        if (leftLength >= 0 && length >= leftLength)
        {
            leftId = vocabulary.Find(_buffer.AsSpan(0, leftLength));
            rightId = vocabulary.Find(_buffer.AsSpan(leftLength..length));
            merged = vocabulary.Find(_buffer.AsSpan(0, length));
        }

        if (leftId >= 0 && rightId >= 0 && merged >= 0) _table.Add(leftId, rightId, _rank, merged);
        else if (strict) throw Bad("names a token that the vocabulary does not have");
        _rank++;
    }

    private int Bytes(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        if (byteLevel) return ByteLevelAlphabet.TryDecode(text, destination, out int length) ? length : -1;
        text.CopyTo(destination);
        return text.Length;
    }

    private ModelFormatException Bad(string what) => new(file, field, string.Create(CultureInfo.InvariantCulture, $"merge {_rank} {what}"));
}
