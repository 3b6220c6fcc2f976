using System.Buffers;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>
/// The text of one sequence, token by token: gives out what is whole, and never half a character. All it gives out
/// together is what <see cref="Tokenizer.Decode"/> gives for all ids at once. For one thread.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private byte[] _bytes = new byte[64];
    private int _length;
    private int _spacesToStrip;

    /// <param name="skipSpecial">Leaves special tokens out.</param>
    /// <param name="atStart">
    /// True where the first token begins a text, whose leading space may be the tokenizer's own (SentencePiece); false
    /// where it goes on from text before it.
    /// </param>
    public StreamingDecoder(Tokenizer tokenizer, bool skipSpecial = true, bool atStart = true)
    {
        (_tokenizer, _skipSpecial) = (tokenizer, skipSpecial);
        _spacesToStrip = atStart ? tokenizer.StripLeadingSpaces : 0;
    }

    /// <summary>Adds a token and returns the text that is whole now; empty where a character is still under way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not of the vocabulary.</exception>
    public string Append(int id)
    {
        ReadOnlySpan<byte> added = _tokenizer.TokenBytes(id);
        if (_skipSpecial && _tokenizer.IsSpecial(id)) return string.Empty;
        while (_spacesToStrip > 0 && added.Length > 0)
        {
            if (added[0] != ' ')
            {
                _spacesToStrip = 0;
                break;
            }

            added = added[1..];
            _spacesToStrip--;
        }

        if (_length + added.Length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_length + added.Length, _bytes.Length * 2));
        added.CopyTo(_bytes.AsSpan(_length));
        _length += added.Length;
        return Take(_length - Unfinished(_bytes.AsSpan(0, _length)));
    }

    /// <summary>What is left when the sequence is over; a character that was never finished becomes U+FFFD.</summary>
    public string Flush() => Take(_length);

    private string Take(int count)
    {
        string text = Encoding.UTF8.GetString(_bytes, 0, count);
        _bytes.AsSpan(count, _length - count).CopyTo(_bytes);
        _length -= count;
        return text;
    }

    /// <summary>Bytes at the end that begin a character without ending it.</summary>
    private static int Unfinished(ReadOnlySpan<byte> bytes)
    {
        for (int back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            byte b = bytes[^back];
            if ((b & 0xC0) == 0x80) continue;
            return b >= 0xC0 && Rune.DecodeFromUtf8(bytes[^back..], out _, out _) == OperationStatus.NeedMoreData ? back : 0;
        }

        return 0;
    }
}
