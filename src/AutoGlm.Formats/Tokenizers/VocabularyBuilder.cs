namespace AutoGlm.Formats.Tokenizers;

/// <summary>Gathers tokens in any order of ids; holes become unused tokens.</summary>
internal sealed class VocabularyBuilder
{
    private readonly List<Entry> _entries = [];
    private readonly string _file;
    private readonly RowlessTokens _rowless;
    private readonly bool _byteLevel;
    private byte[] _bytes = new byte[1 << 16];
    private int _length;

    /// <param name="file">Named in errors.</param>
    /// <param name="byteLevel">True where normal tokens are written in <see cref="ByteLevelAlphabet"/>.</param>
    /// <param name="rowless">Is given the tokens that the model has no rows for.</param>
    public VocabularyBuilder(string file, bool byteLevel, RowlessTokens rowless) => (_file, _byteLevel, _rowless) = (file, byteLevel, rowless);

    public int Count => _entries.Count;

    /// <summary>Adds a token, if the model has a row for it; control, unknown and added tokens of a byte-level vocabulary are plain text.</summary>
    public void Add(int id, ReadOnlySpan<byte> text, TokenType type, float score)
    {
        if (id < 0) throw new ModelFormatException(_file, "vocabulary", $"a token has the negative id {id}");
        if (_rowless.Takes(id, type, text)) return;
        if (text.Length > Array.MaxLength / 2 - _length) throw new ModelFormatException(_file, "vocabulary", "the tokens together are too long");
        if (_length + text.Length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_length + text.Length, _bytes.Length * 2));
        int start = _length;
        bool isPiece = true;
        if (_byteLevel)
        {
            bool plain = type is TokenType.Control or TokenType.UserDefined or TokenType.Unknown;
            // Plain text and alphabet agree on ASCII, where nothing is shorter decoded; such a token may also come from merges.
            isPiece = ByteLevelAlphabet.TryDecode(text, _bytes.AsSpan(start), out int length) && (!plain || length == text.Length);
            if (isPiece) _length += length;
            else AppendPlain(text);
        }
        else
        {
            AppendPlain(text);
        }

        _entries.Add(new Entry(id, start, _length - start, type, score, isPiece && !text.IsEmpty));
    }

    private void AppendPlain(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
    }

    /// <exception cref="ModelFormatException">An id is given twice, or ids are so sparse that the table would be mostly holes.</exception>
    public Vocabulary Build()
    {
        if (_entries.Count == 0) throw new ModelFormatException(_file, "vocabulary", "has no tokens");
        int largest = _entries.Max(entry => entry.Id);
        if (largest / 4 > _entries.Count + 100_000)
        {
            throw new ModelFormatException(_file, "vocabulary", $"has {_entries.Count} tokens, but an id as large as {largest}");
        }

        int count = largest + 1;
        int[] order = new int[count];
        for (int i = 0; i < _entries.Count; i++)
        {
            int id = _entries[i].Id;
            if (order[id] != 0) throw new ModelFormatException(_file, "vocabulary", $"two tokens have the id {id}");
            order[id] = i + 1;
        }

        byte[] bytes = new byte[_length];
        int[] offsets = new int[count + 1];
        var types = new TokenType[count];
        float[] scores = new float[count];
        bool[] isPiece = new bool[count];
        for (int id = 0; id < count; id++)
        {
            offsets[id + 1] = offsets[id];
            types[id] = TokenType.Unused;
            if (order[id] == 0) continue;
            Entry entry = _entries[order[id] - 1];
            _bytes.AsSpan(entry.Start, entry.Length).CopyTo(bytes.AsSpan(offsets[id]));
            offsets[id + 1] += entry.Length;
            (types[id], scores[id], isPiece[id]) = (entry.Type, entry.Score, entry.IsPiece);
        }

        return new Vocabulary(bytes, offsets, types, scores, isPiece);
    }

    private readonly record struct Entry(int Id, int Start, int Length, TokenType Type, float Score, bool IsPiece);
}
