namespace AutoGlm.Formats.Tokenizers;

/// <summary>WordPiece: a word is cut greedily into the longest tokens; one that cannot be cut whole is unknown.</summary>
/// <remarks>As in BERT (arXiv:1810.04805). Pieces are single words.</remarks>
internal sealed class WordPieceModel : TokenModel
{
    private readonly Trie _beginnings = new();
    private readonly Trie _continuations = new();
    private readonly int _unknownId;
    private readonly int _longestWord;

    /// <param name="beginning">What tokens that begin a word start with in the vocabulary (GGUF: U+2581, else nothing).</param>
    /// <param name="continuation">What tokens inside a word start with (<c>##</c>; GGUF: nothing).</param>
    /// <param name="longestWord">Characters; longer words are unknown.</param>
    public WordPieceModel(Vocabulary vocabulary, int unknownId, ReadOnlySpan<byte> beginning, ReadOnlySpan<byte> continuation, int longestWord)
    {
        (_unknownId, _longestWord) = (unknownId, longestWord);
        for (int id = 0; id < vocabulary.Count; id++)
        {
            ReadOnlySpan<byte> text = vocabulary.Bytes(id);
            bool begins = beginning.IsEmpty ? !text.StartsWith(continuation) : text.StartsWith(beginning);
            int prefix = begins ? beginning.Length : continuation.Length;
            if (text.Length > prefix) (begins ? _beginnings : _continuations).Add(text[prefix..], id);
        }
    }

    public override void Encode(ReadOnlySpan<byte> piece, EncodeContext context)
    {
        List<int> output = context.Output;
        int first = output.Count;
        bool tooLong = piece.Length > _longestWord && Characters(piece) > _longestWord;
        for (int at = 0; at < piece.Length && !tooLong;)
        {
            int id = (at == 0 ? _beginnings : _continuations).Longest(piece[at..], out int length);
            if (id < 0)
            {
                output.RemoveRange(first, output.Count - first);
                break;
            }

            output.Add(id);
            at += length;
        }

        if (output.Count == first) output.Add(_unknownId);
    }

    private static int Characters(ReadOnlySpan<byte> piece)
    {
        int count = 0;
        foreach (byte b in piece)
        {
            if ((b & 0xC0) != 0x80) count++;
        }

        return count;
    }
}
