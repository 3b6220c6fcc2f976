using System.Runtime.InteropServices;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Byte-pair encoding: symbols merge, most urgent pair first, until no pair merges.</summary>
/// <remarks>Sennrich et al. 2016 (arXiv:1508.07909); byte-level as in GPT-2; by scores as in SentencePiece.</remarks>
internal sealed class BpeModel<TRule> : TokenModel
    where TRule : struct, IMergeRule
{
    /// <summary>Bytes of a long piece that are merged at a time: what that needs fits into a core's own cache.</summary>
    private const int WindowBytes = 1 << 13;

    private static readonly byte[] _visibleSpace = [0xE2, 0x96, 0x81];

    private readonly Vocabulary _vocabulary;
    private readonly TRule _rule;
    private readonly BpeOptions _options;
    private readonly int[] _byteIds = new int[256];
    private readonly PieceCache _cache = new();
    private readonly bool[]? _cutsBeforeSpace;

    public BpeModel(Vocabulary vocabulary, TRule rule, BpeOptions options)
    {
        (_vocabulary, _rule, _options) = (vocabulary, rule, options);
        for (int b = 0; b < 256; b++)
        {
            _byteIds[b] = options.ByteLevel ? vocabulary.Find([(byte)b]) : vocabulary.Find(ByteToken.Name((byte)b));
        }

        if (!options.ByteLevel) _cutsBeforeSpace = CutsBeforeSpace();
    }

    public override void Encode(ReadOnlySpan<byte> piece, EncodeContext context)
    {
        while (_cutsBeforeSpace is not null && NextCut(piece) is > 0 and int cut)
        {
            EncodeWord(piece[..cut], context);
            piece = piece[cut..];
        }

        EncodeWord(piece, context);
    }

    private void EncodeWord(ReadOnlySpan<byte> piece, EncodeContext context)
    {
        List<int> output = context.Output;
        if (_options.IgnoreMerges || (_options.WholeNewlines && piece.IndexOfAnyExcept((byte)'\n') < 0))
        {
            int whole = _vocabulary.Find(piece);
            if (whole >= 0)
            {
                output.Add(whole);
                return;
            }
        }

        if (_cache.TryGet(piece, output)) return;
        if (piece.Length > 2 * WindowBytes)
        {
            new LongPiece<TRule>(this, piece, context, WindowBytes).Encode();
            return;
        }

        int first = output.Count;
        Merge(piece, context.Merge);
        PutOut(piece, context.Merge, context.Merge.Count, false, output);
        _cache.Set(piece, CollectionsMarshal.AsSpan(output)[first..]);
    }

    /// <summary>Merges a piece, from its bytes or characters on, until nothing merges.</summary>
    public void Merge(ReadOnlySpan<byte> piece, MergeScratch scratch)
    {
        scratch.Begin(piece.Length);
        Cut(piece, scratch);
        scratch.Run(_rule, piece);
    }

    /// <summary>Puts out the ids of a piece's first symbols.</summary>
    /// <param name="piece">What was merged.</param>
    /// <param name="scratch">Its symbols.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="afterUnknown">True where the symbol before the piece is no token.</param>
    /// <param name="output">Where ids go.</param>
    public void PutOut(ReadOnlySpan<byte> piece, MergeScratch scratch, int count, bool afterUnknown, List<int> output)
    {
        for (int i = 0; i < count; i++)
        {
            int id = scratch.Ids[i];
            if (id >= 0) output.Add(id);
            else AddUnknown(piece[scratch.Starts[i]..scratch.Starts[i + 1]], output, afterUnknown);
            afterUnknown = id < 0;
        }
    }

    private void Cut(ReadOnlySpan<byte> piece, MergeScratch scratch)
    {
        if (_options.ByteLevel)
        {
            for (int i = 0; i < piece.Length; i++) scratch.Add(_byteIds[piece[i]], i);
            return;
        }

        for (int at = 0; at < piece.Length;)
        {
            int length = Math.Min(Utf8.Length(piece[at]), piece.Length - at);
            scratch.Add(_vocabulary.Find(piece.Slice(at, length)), at);
            at += length;
        }
    }

    private void AddUnknown(ReadOnlySpan<byte> symbol, List<int> output, bool afterUnknown)
    {
        if (_options.ByteFallback && !_options.ByteLevel && AllBytesKnown(symbol))
        {
            foreach (byte b in symbol) output.Add(_byteIds[b]);
        }
        else if (_options.UnknownId is { } unknown && !(afterUnknown && _options.FuseUnknown && output.Count > 0 && output[^1] == unknown))
        {
            output.Add(unknown);
        }
    }

    private bool AllBytesKnown(ReadOnlySpan<byte> symbol)
    {
        foreach (byte b in symbol)
        {
            if (_byteIds[b] < 0) return false;
        }

        return true;
    }

    /// <summary>
    /// For each byte, whether text may be cut between it and a visible space that follows: so where no token holds the
    /// two side by side, for then no merge crosses the cut. It turns a book-long piece into words without changing an id.
    /// </summary>
    private bool[]? CutsBeforeSpace()
    {
        if (_vocabulary.Find(_visibleSpace) < 0) return null;
        bool[] cuts = new bool[256];
        Array.Fill(cuts, true);
        for (int id = 0; id < _vocabulary.Count; id++)
        {
            ReadOnlySpan<byte> text = _vocabulary.Bytes(id);
            for (int at = 0; ;)
            {
                int found = text[at..].IndexOf(_visibleSpace);
                if (found < 0) break;
                if (at + found > 0) cuts[text[at + found - 1]] = false;
                at += found + _visibleSpace.Length;
            }
        }

        return cuts;
    }

    private int NextCut(ReadOnlySpan<byte> piece)
    {
        for (int at = 1; at < piece.Length;)
        {
            int found = piece[at..].IndexOf(_visibleSpace);
            if (found < 0) return -1;
            at += found;
            if (_cutsBeforeSpace![piece[at - 1]]) return at;
            at += _visibleSpace.Length;
        }

        return -1;
    }
}
