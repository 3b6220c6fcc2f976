using System.Text;
using AutoGlm.Formats.Gguf;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Reads a GGUF file's tokenizer, with llama.cpp's defaults where the file is silent.</summary>
/// <param name="rowless">Is given the tokens that the model has no rows for.</param>
internal sealed class GgufTokenizerReader(GgufMetadata metadata, string file, RowlessTokens rowless)
{
    private const string Prefix = "tokenizer.ggml.";
    private const string VisibleSpace = "\u2581";

    // Ends of turns are special even where a file has them as plain or added tokens: text from outside must not write them.
    private static readonly string[] _turnEnds =
    [
        "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
    ];

    private readonly DecoderOptions _visibleSpaces = new() { AddedVerbatim = true, ByteFallback = true, Replacements = [(VisibleSpace, " ")] };

    public TokenizerDefinition Read()
    {
        string model = metadata.GetString(Prefix + "model");
        return model switch
        {
            "gpt2" or "gemma4" => ReadBpe(model),
            "llama" => ReadSentencePiece(),
            "t5" => ReadUnigram(),
            "bert" => ReadWordPiece(),
            _ => throw new ModelFormatException(file, Prefix + "model", $"'{model}' is not supported; supported are gpt2, llama, t5, bert and gemma4"),
        };
    }

    private TokenizerDefinition ReadBpe(string model)
    {
        string name = model == "gemma4" ? model : metadata.GetStringOrDefault(Prefix + "pre", "default");
        KnownPreTokenizer known = KnownPreTokenizer.Find(name) ?? throw new ModelFormatException(
            file, Prefix + "pre", $"'{name}' is not known; known are {string.Join(", ", KnownPreTokenizer.AllNames)}");
        bool byteLevel = !known.CharacterLevel;
        Vocabulary vocabulary = ReadVocabulary(byteLevel);
        GgufStrings lines = metadata.GetStrings(Prefix + "merges");
        var merges = new MergeReader(vocabulary, byteLevel, lines.Count, strict: false, file, Prefix + "merges");
        for (int i = 0; i < lines.Count; i++) merges.Add(lines.Utf8(i));
        var options = new BpeOptions
        {
            ByteLevel = byteLevel,
            IgnoreMerges = known.IgnoreMerges,
            WholeNewlines = known.CharacterLevel,
            ByteFallback = known.CharacterLevel,
        };
        SpecialTokens special = ReadSpecial(vocabulary, bos: null, eos: null, unknown: null, pad: null);
        if (name is "glm4" or "chatglm-bpe" && !metadata.Contains(Prefix + "bos_token_id")) special = special with { Bos = null };
        return WithEnds(known.AddBos, addEos: false, new TokenizerDefinition
        {
            Vocabulary = vocabulary,
            Model = new BpeModel<RankedMerges>(vocabulary, new RankedMerges(merges.Table), options),
            Normalizer = byteLevel ? null : new Normalizer.ReplaceText(" ", VisibleSpace),
            PreTokenizers = known.Build(),
            AddedTokens = ReadAddedTokens(vocabulary),
            Decoder = byteLevel ? new DecoderOptions { ByteLevel = true } : _visibleSpaces,
            ByteLevel = byteLevel,
            Special = special,
        });
    }

    private TokenizerDefinition ReadSentencePiece()
    {
        Vocabulary vocabulary = ReadVocabulary(byteLevel: false);
        SpecialTokens special = ReadSpecial(vocabulary, bos: 1, eos: 2, unknown: 0, pad: null);
        bool addSpace = metadata.GetBooleanOrDefault(Prefix + "add_space_prefix", true);
        var escape = new Normalizer.ReplaceText(" ", VisibleSpace);
        return WithEnds(addBos: true, addEos: false, new TokenizerDefinition
        {
            Vocabulary = vocabulary,
            Model = new BpeModel<ScoredMerges>(vocabulary, new ScoredMerges(vocabulary), new BpeOptions { ByteFallback = true, UnknownId = special.Unknown }),
            Normalizer = addSpace ? new Normalizer.Sequence([new Normalizer.Prepend(VisibleSpace), escape]) : escape,
            AddedTokens = ReadAddedTokens(vocabulary),
            Decoder = _visibleSpaces with { StripLeadingSpaces = addSpace ? 1 : 0 },
            Special = special,
        });
    }

    private TokenizerDefinition ReadUnigram()
    {
        Vocabulary vocabulary = ReadVocabulary(byteLevel: false);
        SpecialTokens special = ReadSpecial(vocabulary, bos: null, eos: 1, unknown: 2, pad: 0);
        rowless.Require(RowlessTokens.Unknown, Prefix + "unknown_token_id");
        bool addSpace = metadata.GetBooleanOrDefault(Prefix + "add_space_prefix", false);
        bool removeExtra = metadata.GetBooleanOrDefault(Prefix + "remove_extra_whitespaces", false);
        var steps = new List<Normalizer>();
        if (metadata.TryGet(Prefix + "precompiled_charsmap", out GgufValue? map))
        {
            steps.Add(new PrecompiledNormalizer(Bytes(map, Prefix + "precompiled_charsmap"), file, Prefix + "precompiled_charsmap"));
        }

        steps.Add(new SentencePieceWhitespace(addSpace, removeExtra, escape: true));
        return WithEnds(addBos: false, addEos: true, new TokenizerDefinition
        {
            Vocabulary = vocabulary,
            Model = new UnigramModel(vocabulary, special.Unknown ?? 0, byteFallback: false),
            Normalizer = new Normalizer.Sequence(steps),
            AddedTokens = ReadAddedTokens(vocabulary),
            Decoder = _visibleSpaces with { StripLeadingSpaces = addSpace ? 1 : 0 },
            Special = special,
        });
    }

    private TokenizerDefinition ReadWordPiece()
    {
        Vocabulary vocabulary = ReadVocabulary(byteLevel: false);
        SpecialTokens special = ReadSpecial(vocabulary, bos: 101, eos: null, unknown: 100, pad: 0);
        int? separator = ReadId(vocabulary, "seperator_token_id", 102, RowlessTokens.Separator);
        rowless.Require(RowlessTokens.Unknown, Prefix + "unknown_token_id");
        rowless.Require(RowlessTokens.Bos, Prefix + "bos_token_id");
        rowless.Require(RowlessTokens.Separator, Prefix + "seperator_token_id");
        bool lowercase = metadata.GetBooleanOrDefault("tokenizer.ggml.normalizer.lowercase", true);
        bool stripAccents = metadata.GetBooleanOrDefault("tokenizer.ggml.normalizer.strip_accents", lowercase);
        return new TokenizerDefinition
        {
            Vocabulary = vocabulary,
            Model = new WordPieceModel(vocabulary, special.Unknown ?? 0, "\u2581"u8, ""u8, int.MaxValue),
            Normalizer = new BertNormalizer(cleanText: true, separateIdeographs: true, stripAccents, lowercase),
            PreTokenizers = PreTokenizerJson.Bert(),
            AddedTokens = ReadAddedTokens(vocabulary),
            Decoder = _visibleSpaces with { StripLeadingSpaces = 1, CleanUp = true },
            Special = special with { Eos = special.Eos ?? separator },
            Prefix = special.Bos is { } begin ? [begin] : [],
            Suffix = separator is { } end ? [end] : [],
        };
    }

    private Vocabulary ReadVocabulary(bool byteLevel)
    {
        GgufStrings tokens = metadata.GetStrings(Prefix + "tokens");
        float[]? scores = metadata.GetSinglesOrDefault(Prefix + "scores");
        int[]? types = metadata.GetInt32sOrDefault(Prefix + "token_type");
        if (scores is not null && scores.Length < tokens.Count) throw TooFew("scores", scores.Length, tokens.Count);
        if (types is not null && types.Length < tokens.Count) throw TooFew("token_type", types.Length, tokens.Count);
        var builder = new VocabularyBuilder(file, byteLevel, rowless);
        for (int id = 0; id < tokens.Count; id++)
        {
            ReadOnlySpan<byte> text = tokens.Utf8(id);
            TokenType type = types is not null && types[id] is >= 0 and <= (int)TokenType.Byte ? (TokenType)types[id] : TokenType.Normal;
            if (type is TokenType.Normal or TokenType.UserDefined && IsTurnEnd(text)) type = TokenType.Control;
            float score = scores?[id] ?? 0;
            if (float.IsNaN(score)) throw new ModelFormatException(file, Prefix + "scores", $"the score of token {id} is not a number");
            builder.Add(id, text, type, score);
        }

        Vocabulary vocabulary = builder.Build();
        if (vocabulary.FirstDuplicate is { } duplicate)
        {
            throw new ModelFormatException(file, Prefix + "tokens", $"tokens {duplicate.First} and {duplicate.Second} are the same");
        }

        return vocabulary;
    }

    private static bool IsTurnEnd(ReadOnlySpan<byte> text)
    {
        if (text.Length is < 5 or > 20 || text[0] != '<' || text[^1] != '>') return false;
        return Array.IndexOf(_turnEnds, Encoding.UTF8.GetString(text)) >= 0;
    }

    private ModelFormatException TooFew(string key, int count, int tokens) => new(file, Prefix + key, $"has {count} entries for {tokens} tokens");

    private List<AddedToken> ReadAddedTokens(Vocabulary vocabulary)
    {
        // GGUF does not say which tokens swallow the white space after them; Phi-3's do, but for three.
        string modelName = metadata.GetStringOrDefault("general.name", "");
        bool phi3 = modelName.Contains("phi-3", StringComparison.OrdinalIgnoreCase) || modelName.Contains("phi3", StringComparison.OrdinalIgnoreCase);
        var added = new List<AddedToken>();
        for (int id = 0; id < vocabulary.Count; id++)
        {
            TokenType type = vocabulary.Type(id);
            if (type is not (TokenType.Control or TokenType.Unknown or TokenType.UserDefined)) continue;
            string text = Encoding.UTF8.GetString(vocabulary.Bytes(id));
            bool strips = phi3 && text is not ("<unk>" or "<s>" or "<|endoftext|>");
            added.Add(new AddedToken(id, text, Special: type != TokenType.UserDefined, RightStrip: strips));
        }

        return added;
    }

    private SpecialTokens ReadSpecial(Vocabulary vocabulary, int? bos, int? eos, int? unknown, int? pad)
    {
        var ends = new List<int>();
        foreach (string key in new[] { "eot_token_id", "eom_token_id", "fim_pad_token_id", "fim_rep_token_id", "fim_sep_token_id" })
        {
            if (ReadId(vocabulary, key, null, RowlessTokens.End) is { } id) ends.Add(id);
        }

        return new SpecialTokens
        {
            Bos = ReadId(vocabulary, "bos_token_id", bos, RowlessTokens.Bos),
            Eos = ReadId(vocabulary, "eos_token_id", eos, RowlessTokens.Eos),
            Unknown = ReadId(vocabulary, "unknown_token_id", unknown, RowlessTokens.Unknown),
            // Nothing is padded here, and some published files name a token that they do not have.
            Pad = ReadId(vocabulary, "padding_token_id", pad, RowlessTokens.Pad, strict: false),
            Ends = ends,
        };
    }

    /// <summary>An id, or null where the file gives none: no key, or one of the two ways to write -1; or where the model has no row for it.</summary>
    /// <exception cref="ModelFormatException">The file gives one beyond the vocabulary.</exception>
    private int? ReadId(Vocabulary vocabulary, string key, int? fallback, string part, bool strict = true)
    {
        long id = metadata.GetInt64OrDefault(Prefix + key, fallback ?? -1);
        if (id >= 0 && id < vocabulary.Count) return (int)id;
        if (id is >= 0 and <= int.MaxValue && rowless.Has((int)id)) return rowless.Kept(part, (int)id);
        if (!strict || id is -1 or uint.MaxValue || !metadata.Contains(Prefix + key)) return null;
        throw new ModelFormatException(file, Prefix + key, $"is {id}, but the vocabulary's ids are 0 to {vocabulary.Count - 1}; convert the model again, or set it to the right token");
    }

    private TokenizerDefinition WithEnds(bool addBos, bool addEos, TokenizerDefinition definition)
    {
        addBos = metadata.GetBooleanOrDefault(Prefix + "add_bos_token", addBos);
        addEos = metadata.GetBooleanOrDefault(Prefix + "add_eos_token", addEos);
        if (addBos) rowless.Require(RowlessTokens.Bos, Prefix + "add_bos_token");
        if (addEos) rowless.Require(RowlessTokens.Eos, Prefix + "add_eos_token");
        return definition with
        {
            Prefix = addBos && definition.Special.Bos is { } bos ? [bos] : [],
            Suffix = addEos && definition.Special.Eos is { } eos ? [eos] : [],
        };
    }

    private byte[] Bytes(GgufValue value, string key) => value.Value switch
    {
        byte[] bytes => bytes,
        sbyte[] bytes => (byte[])(Array)bytes,
        _ => throw new ModelFormatException(file, key, "must be an array of bytes"),
    };
}
