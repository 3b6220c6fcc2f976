namespace AutoGlm.Formats.Tokenizers;

/// <summary>The tokens of a model: bytes, type and score of each id, and the id of each byte string. Immutable.</summary>
/// <remarks>All bytes lie in one buffer and the index is a table of ids: 10^5 tokens are a handful of arrays, not as many objects.</remarks>
internal sealed class Vocabulary
{
    private readonly byte[] _bytes;
    private readonly int[] _offsets;
    private readonly TokenType[] _types;
    private readonly float[] _scores;
    private readonly int[] _index;

    /// <param name="bytes">The tokens' bytes, one after the other.</param>
    /// <param name="offsets">Where each token begins, and at last the end: length n + 1.</param>
    /// <param name="types">Length n.</param>
    /// <param name="scores">Length n.</param>
    /// <param name="isPiece">Length n: true where the model may produce the token from text (so that it is in the index).</param>
    public Vocabulary(byte[] bytes, int[] offsets, TokenType[] types, float[] scores, bool[] isPiece)
    {
        (_bytes, _offsets, _types, _scores) = (bytes, offsets, types, scores);
        int size = 16;
        while (size < Count * 2) size *= 2;
        _index = new int[size];
        Array.Fill(_index, -1);
        for (int id = 0; id < Count; id++)
        {
            MaximumLength = Math.Max(MaximumLength, Bytes(id).Length);
            if (!isPiece[id]) continue;
            uint slot = Slot(Bytes(id));
            if (_index[slot] < 0) _index[slot] = id;
            else FirstDuplicate ??= (_index[slot], id);
        }
    }

    public int Count => _types.Length;

    /// <summary>Bytes of the longest token.</summary>
    public int MaximumLength { get; }

    /// <summary>Two ids of the same bytes, where there are such; the index holds the first.</summary>
    public (int First, int Second)? FirstDuplicate { get; }

    public ReadOnlySpan<byte> Bytes(int id) => _bytes.AsSpan(_offsets[id], _offsets[id + 1] - _offsets[id]);

    public TokenType Type(int id) => _types[id];

    public float Score(int id) => _scores[id];

    /// <summary>The id of a piece of text, or -1.</summary>
    public int Find(ReadOnlySpan<byte> bytes) => bytes.Length > MaximumLength ? -1 : _index[Slot(bytes)];

    private uint Slot(ReadOnlySpan<byte> bytes)
    {
        uint mask = (uint)_index.Length - 1;
        uint slot = ByteHash.Of(bytes) & mask;
        while (_index[slot] >= 0 && !Bytes(_index[slot]).SequenceEqual(bytes)) slot = (slot + 1) & mask;
        return slot;
    }
}
