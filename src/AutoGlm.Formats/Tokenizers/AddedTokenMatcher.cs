using System.Buffers;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Finds added tokens in text: the leftmost, of several there the longest. Immutable.</summary>
internal sealed class AddedTokenMatcher
{
    private static readonly CharacterSet _word = CharacterSet.UnicodeWordCharacters();

    private readonly Trie _trie = new();
    private readonly AddedToken[] _tokens;
    private readonly SearchValues<byte> _firstBytes;

    /// <param name="texts">What to look for, for each token; empty ones are never found.</param>
    public AddedTokenMatcher(IReadOnlyList<AddedToken> tokens, Func<AddedToken, string> texts)
    {
        _tokens = [.. tokens];
        var first = new HashSet<byte>();
        for (int i = 0; i < _tokens.Length; i++)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(texts(_tokens[i]));
            if (bytes.Length == 0) continue;
            first.Add(bytes[0]);
            _trie.Add(bytes, i);
        }

        _firstBytes = SearchValues.Create([.. first]);
    }

    /// <summary>The next token at or after <paramref name="from"/>, with the bytes that belong to it; false where there is none.</summary>
    /// <param name="plainAt">Offsets, rising, that no special token may span.</param>
    public bool Find(ReadOnlySpan<byte> text, int from, ReadOnlySpan<int> plainAt, out AddedToken token, out int start, out int end)
    {
        for (int at = from; at < text.Length; at++)
        {
            int found = text[at..].IndexOfAny(_firstBytes);
            if (found < 0) break;
            at += found;
            int index = _trie.Longest(text[at..], out int length);
            if (index < 0) continue;
            token = _tokens[index];
            (start, end) = (at, at + length);
            if (token.Special && Spans(start, end, plainAt)) continue;
            if (token.SingleWord && (EndsInWord(text[..start]) || BeginsWithWord(text[end..]))) continue;
            if (token.LeftStrip) start = Math.Max(from, TrimEnd(text[..start]));
            if (token.RightStrip) end += LeadingSpace(text[end..]);
            return true;
        }

        (token, start, end) = (null!, text.Length, text.Length);
        return false;
    }

    private static bool Spans(int start, int end, ReadOnlySpan<int> offsets)
    {
        int next = offsets.BinarySearch(start + 1);
        if (next < 0) next = ~next;
        return next < offsets.Length && offsets[next] < end;
    }

    private static bool BeginsWithWord(ReadOnlySpan<byte> text) => text.Length > 0 && _word.Contains(Utf8.Decode(text, 0, out _));

    private static bool EndsInWord(ReadOnlySpan<byte> text) => text.Length > 0 && _word.Contains(Utf8.Decode(text, LastCharacter(text), out _));

    private static int LastCharacter(ReadOnlySpan<byte> text)
    {
        int at = text.Length - 1;
        while (at > 0 && (text[at] & 0xC0) == 0x80) at--;
        return at;
    }

    private static int TrimEnd(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            int last = LastCharacter(text);
            if (!CharacterSet.IsWhiteSpace(Utf8.Decode(text, last, out _))) break;
            text = text[..last];
        }

        return text.Length;
    }

    private static int LeadingSpace(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length && CharacterSet.IsWhiteSpace(Utf8.Decode(text, at, out int length))) at += length;
        return at;
    }
}
