using System.Runtime.InteropServices;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>The bytes that each token adds to a text, ready made. Immutable.</summary>
internal sealed class TokenTexts
{
    private static readonly (string From, string To)[] _cleanUps =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    private readonly byte[] _bytes;
    private readonly int[] _offsets;

    /// <param name="verbatim">Tokens whose text is itself.</param>
    public TokenTexts(Vocabulary vocabulary, DecoderOptions options, Func<int, bool> verbatim)
    {
        _offsets = new int[vocabulary.Count + 1];
        byte[] bytes = new byte[1 << 16];
        int length = 0;
        (byte[] From, byte[] To)[] replacements =
            [.. options.Replacements.Select(pair => (Encoding.UTF8.GetBytes(pair.From), Encoding.UTF8.GetBytes(pair.To)))];
        for (int id = 0; id < vocabulary.Count; id++)
        {
            ReadOnlySpan<byte> text = vocabulary.Bytes(id);
            if (!verbatim(id) && !options.ByteLevel) text = Decode(text, options, replacements);
            if (length + text.Length > bytes.Length) Array.Resize(ref bytes, Math.Max(checked(length + text.Length), bytes.Length * 2));
            text.CopyTo(bytes.AsSpan(length));
            length += text.Length;
            _offsets[id + 1] = length;
        }

        _bytes = bytes.AsSpan(0, length).ToArray();
    }

    public ReadOnlySpan<byte> this[int id] => _bytes.AsSpan(_offsets[id], _offsets[id + 1] - _offsets[id]);

    private static ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> bytes, DecoderOptions options, (byte[] From, byte[] To)[] replacements)
    {
        if (options.ByteFallback && ByteToken.TryParse(bytes, out byte value)) return new[] { value };
        foreach ((byte[] from, byte[] to) in replacements) bytes = Replace(bytes, from, to);
        if (options.ContinuationPrefix is null && !options.CleanUp) return bytes;
        string text = Encoding.UTF8.GetString(bytes);
        if (options.ContinuationPrefix is { } prefix)
        {
            bool continues = prefix.Length > 0 && text.StartsWith(prefix, StringComparison.Ordinal);
            text = continues ? text[prefix.Length..] : " " + text;
        }

        if (options.CleanUp)
        {
            foreach ((string from, string to) in _cleanUps) text = text.Replace(from, to, StringComparison.Ordinal);
        }

        return Encoding.UTF8.GetBytes(text);
    }

    private static ReadOnlySpan<byte> Replace(ReadOnlySpan<byte> text, byte[] from, byte[] to)
    {
        int found = text.IndexOf(from);
        if (found < 0) return text;
        var result = new List<byte>(text.Length + to.Length);
        while (found >= 0)
        {
            result.AddRange(text[..found]);
            result.AddRange(to);
            text = text[(found + from.Length)..];
            found = text.IndexOf(from);
        }

        result.AddRange(text);
        return CollectionsMarshal.AsSpan(result);
    }
}
