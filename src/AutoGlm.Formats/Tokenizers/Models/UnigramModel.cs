using System.Buffers;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>The unigram language model: of all ways to cut a piece into tokens, the one of the highest total score.</summary>
/// <remarks>Kudo 2018 (arXiv:1804.10959), by Viterbi's algorithm, in time linear in the piece.</remarks>
internal sealed class UnigramModel : TokenModel
{
    private const double UnknownPenalty = 10;

    private readonly Vocabulary _vocabulary;
    private readonly Trie _trie = new();
    private readonly int _unknownId;
    private readonly double _unknownScore;
    private readonly int[]? _byteIds;

    /// <param name="unknownId">Token for characters that no token covers, several in a row as one; -1 drops them.</param>
    /// <param name="byteFallback">True where such characters become their bytes' tokens instead.</param>
    public UnigramModel(Vocabulary vocabulary, int unknownId, bool byteFallback)
    {
        (_vocabulary, _unknownId) = (vocabulary, unknownId);
        double least = 0;
        for (int id = 0; id < vocabulary.Count; id++)
        {
            TokenType type = vocabulary.Type(id);
            if (type is TokenType.Normal or TokenType.Undefined) least = Math.Min(least, vocabulary.Score(id));
            if (type is TokenType.Normal or TokenType.Undefined or TokenType.UserDefined or TokenType.Unused) _trie.Add(vocabulary.Bytes(id), id);
        }

        _unknownScore = least - UnknownPenalty;
        if (!byteFallback) return;
        int[] bytes = new int[256];
        for (int b = 0; b < 256; b++) bytes[b] = vocabulary.Find(ByteToken.Name((byte)b));
        if (Array.TrueForAll(bytes, id => id >= 0)) _byteIds = bytes;
    }

    public override void Encode(ReadOnlySpan<byte> piece, EncodeContext context)
    {
        Best[] best = ArrayPool<Best>.Shared.Rent(piece.Length + 1);
        best.AsSpan(0, piece.Length + 1).Fill(new Best(_unknownId, 0, double.NegativeInfinity));
        best[0] = new Best(_unknownId, 0, 0);
        for (int at = 0; at < piece.Length;)
        {
            int character = Math.Min(Utf8.Length(piece[at]), piece.Length - at);
            Extend(piece, at, character, best);
            at += character;
        }

        Collect(piece, best, context.Output);
        ArrayPool<Best>.Shared.Return(best);
    }

    private void Extend(ReadOnlySpan<byte> piece, int at, int character, Best[] best)
    {
        bool covered = false;
        int node = 0;
        for (int end = at + 1; end <= piece.Length; end++)
        {
            node = _trie.Child(node, piece[end - 1]);
            if (node < 0) break;
            int id = _trie.Value(node);
            if (id < 0) continue;
            covered |= end - at == character;
            // Added tokens score nothing, which is more than any other: they win where they fit.
            double score = best[at].Score + (_vocabulary.Type(id) == TokenType.UserDefined ? 0 : _vocabulary.Score(id));
            if (score > best[end].Score) best[end] = new Best(id, at, score);
        }

        double unknown = best[at].Score + _unknownScore;
        if (!covered && unknown > best[at + character].Score) best[at + character] = new Best(_unknownId, at, unknown);
    }

    private void Collect(ReadOnlySpan<byte> piece, Best[] best, List<int> output)
    {
        int first = output.Count;
        bool afterUnknown = false;
        for (int end = piece.Length; end > 0; end = best[end].From)
        {
            int id = best[end].Id;
            bool unknown = id == _unknownId;
            if (unknown && _byteIds is not null)
            {
                for (int i = end - 1; i >= best[end].From; i--) output.Add(_byteIds[piece[i]]);
            }
            else if (id >= 0 && (!unknown || !afterUnknown))
            {
                output.Add(id);
            }

            afterUnknown = unknown;
        }

        output.Reverse(first, output.Count - first);
    }

    private readonly record struct Best(int Id, int From, double Score);
}
