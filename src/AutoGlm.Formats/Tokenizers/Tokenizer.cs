using System.Buffers;
using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>
/// Turns text into the token ids of a model and back. Immutable: any number of threads may share one.
/// Made by <see cref="TokenizerFactory"/>.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerDefinition _definition;
    private readonly Vocabulary _vocabulary;
    private readonly PreTokenizer[] _preTokenizers;
    private readonly TokenTexts _texts;
    private readonly Dictionary<string, int> _addedIds = new(StringComparer.Ordinal);
    private readonly HashSet<int> _special = [];
    private readonly Matchers _all;
    private readonly Matchers _plain;

    internal Tokenizer(TokenizerDefinition definition)
    {
        _definition = definition;
        _vocabulary = definition.Vocabulary;
        _preTokenizers = [.. definition.PreTokenizers];
        var added = new HashSet<int>();
        foreach (AddedToken token in definition.AddedTokens)
        {
            _addedIds.TryAdd(token.Text, token.Id);
            added.Add(token.Id);
            if (token.Special) _special.Add(token.Id);
        }

        _texts = new TokenTexts(_vocabulary, definition.Decoder, id => definition.Decoder.AddedVerbatim && added.Contains(id));
        _all = new Matchers(definition.AddedTokens, definition.Normalizer);
        _plain = new Matchers([.. definition.AddedTokens.Where(token => !token.Special)], definition.Normalizer);
        EndOfGenerationIds = EndOfGeneration.Find(definition.Special, FindToken, added.Contains, IsSpecial);
    }

    /// <summary>Number of ids: valid ones are 0 to this, exclusive.</summary>
    public int VocabularySize => _vocabulary.Count;

    /// <summary>What people should know of tokens that the model has no rows for, and that were left out; null where there are none.</summary>
    public string? Notice { get; internal init; }

    /// <summary>Begin of text; null where the model has none.</summary>
    public int? BosId => _definition.Special.Bos;

    /// <summary>End of text; null where the model has none.</summary>
    public int? EosId => _definition.Special.Eos;

    /// <summary>Stands for text that no other token covers; null where the model has none.</summary>
    public int? UnknownId => _definition.Special.Unknown;

    /// <summary>Fills up batches; null where the model has none.</summary>
    public int? PadId => _definition.Special.Pad;

    /// <summary>Tokens that end a generation: end of text, of turn, of message.</summary>
    public IReadOnlySet<int> EndOfGenerationIds { get; }

    /// <summary>True where <see cref="Encode(ReadOnlySpan{char}, bool, bool)"/> puts <see cref="BosId"/> in front of a whole text.</summary>
    public bool AddBos => BosId is { } bos && _definition.Prefix.Contains(bos);

    /// <summary>True where <see cref="Encode(ReadOnlySpan{char}, bool, bool)"/> puts <see cref="EosId"/> behind a whole text.</summary>
    public bool AddEos => EosId is { } eos && _definition.Suffix.Contains(eos);

    /// <summary>The ids of a text.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD.</param>
    /// <param name="addSpecial">Begin and end as the file says a whole text has them.</param>
    /// <param name="parseSpecial">Special tokens written in the text are those tokens; else they are plain text.</param>
    public int[] Encode(ReadOnlySpan<char> text, bool addSpecial, bool parseSpecial)
    {
        var ids = new List<int>(text.Length / 4 + 8);
        Encode(text, addSpecial, parseSpecial, ids);
        return [.. ids];
    }

    /// <inheritdoc cref="Encode(ReadOnlySpan{char}, bool, bool)"/>
    /// <param name="output">The ids are appended here.</param>
    public void Encode(ReadOnlySpan<char> text, bool addSpecial, bool parseSpecial, List<int> output) =>
        Encode(text, addSpecial, parseSpecial, [], output);

    /// <summary>The ids of a text whose special tokens are those tokens, but for places where they are plain text.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD.</param>
    /// <param name="addSpecial">Begin and end as the file says a whole text has them.</param>
    /// <param name="plainAt">
    /// Offsets in the text, rising, that no special token may span: where text of others stands that only looks like one.
    /// </param>
    public int[] Encode(ReadOnlySpan<char> text, bool addSpecial, IReadOnlyList<int> plainAt)
    {
        var ids = new List<int>(text.Length / 4 + 8);
        Encode(text, addSpecial, parseSpecial: true, plainAt, ids);
        return [.. ids];
    }

    private void Encode(ReadOnlySpan<char> text, bool addSpecial, bool parseSpecial, IReadOnlyList<int> plainAt, List<int> output)
    {
        if (addSpecial) output.AddRange(_definition.Prefix);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        EncodeContext context = EncodeContext.Rent(output);
        try
        {
            int length = Encoding.UTF8.GetBytes(text, bytes);
            EncodeText(bytes.AsSpan(0, length), parseSpecial ? _all : _plain, context, ByteOffsets(text, plainAt));
        }
        finally
        {
            context.Return();
            ArrayPool<byte>.Shared.Return(bytes);
        }

        if (addSpecial) output.AddRange(_definition.Suffix);
    }

    /// <summary>The id of a token by its text as the file writes it; null where there is none.</summary>
    public int? FindToken(string text)
    {
        if (_addedIds.TryGetValue(text, out int added)) return added;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (!_definition.ByteLevel) return Known(_vocabulary.Find(bytes));
        byte[] raw = new byte[bytes.Length];
        return ByteLevelAlphabet.TryDecode(bytes, raw, out int length) ? Known(_vocabulary.Find(raw.AsSpan(0, length))) : Known(_vocabulary.Find(bytes));

        static int? Known(int id) => id < 0 ? null : id;
    }

    /// <summary>The token's text as the file writes it: <c>Ġthe</c>, <c>▁the</c>, <c>&lt;0x0A&gt;</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not of this vocabulary.</exception>
    public string TokenText(int id)
    {
        ReadOnlySpan<byte> bytes = _vocabulary.Bytes(Valid(id));
        bool escaped = _definition.ByteLevel && _vocabulary.Find(bytes) == id;
        return escaped ? ByteLevelAlphabet.Encode(bytes) : Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The bytes that the token adds to a text; not always whole characters.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not of this vocabulary.</exception>
    public ReadOnlySpan<byte> TokenBytes(int id) => _texts[Valid(id)];

    /// <summary>True for tokens that steer the model and are not text.</summary>
    public bool IsSpecial(int id) => _special.Contains(id);

    /// <summary>The text of ids; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="skipSpecial">Leaves special tokens out.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is not of this vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial)
    {
        var decoder = new StreamingDecoder(this, skipSpecial);
        var text = new StringBuilder();
        foreach (int id in ids) text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>What encodes pieces.</summary>
    internal TokenModel Model => _definition.Model;

    /// <summary>So many spaces at the beginning of a text are not of it but the tokenizer's own.</summary>
    internal int StripLeadingSpaces => _definition.Decoder.StripLeadingSpaces;

    private int Valid(int id) =>
        (uint)id < (uint)_vocabulary.Count ? id : throw new ArgumentOutOfRangeException(nameof(id), id, $"token ids are 0 to {_vocabulary.Count - 1}");

    private static int[] ByteOffsets(ReadOnlySpan<char> text, IReadOnlyList<int> offsets)
    {
        int[] result = new int[offsets.Count];
        for (int i = 0, from = 0, length = 0; i < result.Length; i++)
        {
            length += Encoding.UTF8.GetByteCount(text[from..offsets[i]]);
            (result[i], from) = (length, offsets[i]);
        }

        return result;
    }

    private void EncodeText(ReadOnlySpan<byte> text, Matchers matchers, EncodeContext context, int[] plainAt)
    {
        int done = 0;
        while (matchers.Raw.Find(text, done, plainAt, out AddedToken token, out int start, out int end))
        {
            if (start > done) EncodePart(done, text[done..start]);
            context.Output.Add(token.Id);
            done = end;
        }

        if (done < text.Length) EncodePart(done, text[done..]);

        void EncodePart(int offset, ReadOnlySpan<byte> part)
        {
            // Normalisation moves offsets: a part with barred places is plain as a whole.
            int length = part.Length;
            bool isPlain = Array.Exists(plainAt, at => at > offset && at < offset + length);
            EncodeSegment(part, offset == 0, isPlain ? _plain : matchers, context);
        }
    }

    private void EncodeSegment(ReadOnlySpan<byte> text, bool atStart, Matchers matchers, EncodeContext context)
    {
        if (_definition.Normalizer is { } normalizer) text = Encoding.UTF8.GetBytes(normalizer.Apply(Encoding.UTF8.GetString(text)));
        var sink = new PieceSink(_preTokenizers, 0, _definition.Model, context);
        int done = 0;
        while (matchers.Normalized.Find(text, done, [], out AddedToken token, out int start, out int end))
        {
            sink.Emit(text[done..start], atStart && done == 0);
            context.Output.Add(token.Id);
            done = end;
        }

        sink.Emit(text[done..], atStart && done == 0);
    }

    /// <summary>Finders of the added tokens that are looked for before and after normalisation.</summary>
    private sealed class Matchers(IReadOnlyList<AddedToken> tokens, Normalizer? normalizer)
    {
        public AddedTokenMatcher Raw { get; } = new([.. tokens.Where(token => !token.Normalized)], token => token.Text);

        public AddedTokenMatcher Normalized { get; } = new(
            [.. tokens.Where(token => token.Normalized)],
            token => normalizer is null || token.Text.Length == 0 ? token.Text : normalizer.Apply(token.Text));
    }
}
