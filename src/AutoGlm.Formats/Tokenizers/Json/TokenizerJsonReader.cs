using System.Text;
using System.Text.Json;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Reads a tokenizer.json, the format of Hugging Face's <c>tokenizers</c>.</summary>
/// <param name="rowless">Is given the tokens that the model has no rows for.</param>
internal sealed class TokenizerJsonReader(JsonField root, RowlessTokens rowless)
{
    private const int LongestAddedToken = 4096;

    public TokenizerDefinition Read(SpecialTokenSources sources)
    {
        List<AddedToken> added = ReadAddedTokens();
        bool byteLevel = Mentions(root["pre_tokenizer"], "pretokenizers")
            || Mentions(root["normalizer"], "normalizers")
            || Mentions(root["decoder"], "decoders");
        JsonField model = root["model"];
        string type = ModelType(model);
        Vocabulary vocabulary = ReadVocabulary(model["vocab"], added, byteLevel);
        int? unknown = Unknown(model, vocabulary, byteLevel);
        SpecialTokens special = sources.Read(text => Find(text, added, vocabulary, byteLevel), unknown, vocabulary.Count, rowless);
        (IReadOnlyList<int> prefix, IReadOnlyList<int> suffix) = PostProcessorJson.Read(root["post_processor"]);
        (prefix, suffix) = sources.Apply(prefix, suffix, special, rowless);
        rowless.Require(prefix.Concat(suffix), "post_processor");
        if (prefix.Concat(suffix).Any(id => id < 0 || id >= vocabulary.Count)) throw root["post_processor"].Error("adds an id that is not of the vocabulary");
        return new TokenizerDefinition
        {
            Vocabulary = vocabulary,
            Model = ReadModel(type, model, vocabulary, byteLevel, unknown),
            Normalizer = NormalizerJson.Read(root["normalizer"]),
            PreTokenizers = PreTokenizerJson.Read(root["pre_tokenizer"]),
            AddedTokens = [.. added.Where(token => !rowless.Has(token.Id))],
            Decoder = DecoderJson.Read(root["decoder"], byteLevel),
            ByteLevel = byteLevel,
            Special = special,
            Prefix = prefix,
            Suffix = suffix,
        };
    }

    private static bool Mentions(JsonField field, string children)
    {
        if (field.IsNull) return false;
        string type = field["type"].Text();
        return type == "ByteLevel" || (type == "Sequence" && field[children].Items().Any(child => Mentions(child, children)));
    }

    private static string ModelType(JsonField model)
    {
        JsonField type = model["type"];
        if (!type.IsNull) return type.Text();
        // Old files leave the type to be guessed.
        if (!model["merges"].IsNull) return "BPE";
        return model["vocab"].Element.ValueKind == JsonValueKind.Array ? "Unigram" : "WordPiece";
    }

    private List<AddedToken> ReadAddedTokens()
    {
        var added = new List<AddedToken>();
        JsonField field = root["added_tokens"];
        if (field.IsNull) return added;
        foreach (JsonField token in field.Items())
        {
            string text = token["content"].Text();
            if (text.Length > LongestAddedToken) throw token["content"].Error($"is longer than {LongestAddedToken} characters");
            bool special = token["special"].FlagOr(false);
            added.Add(new AddedToken(
                token["id"].Integer(),
                text,
                special,
                token["lstrip"].FlagOr(false),
                token["rstrip"].FlagOr(false),
                token["single_word"].FlagOr(false),
                token["normalized"].FlagOr(!special)));
        }

        return added;
    }

    private Vocabulary ReadVocabulary(JsonField vocab, List<AddedToken> added, bool byteLevel)
    {
        var builder = new VocabularyBuilder(root.File, byteLevel, rowless);
        Dictionary<int, AddedToken> left = [];
        foreach (AddedToken token in added)
        {
            if (!left.TryAdd(token.Id, token) && left[token.Id].Text != token.Text) throw root["added_tokens"].Error($"two tokens have the id {token.Id}");
        }

        if (vocab.Element.ValueKind == JsonValueKind.Array)
        {
            int id = 0;
            foreach (JsonElement pair in vocab.Elements())
            {
                if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2) throw vocab.Error($"entry {id} is not a token and its score");
                Add(vocab.Utf8(pair[0]), id++, new JsonField(root.File, vocab.Path, pair[1]).Number());
            }
        }
        else
        {
            foreach (JsonProperty member in vocab.Members())
            {
                if (member.Value.ValueKind != JsonValueKind.Number || !member.Value.TryGetInt32(out int id))
                {
                    throw vocab.Error($"the id of a token, {Shown(member.Value)}, is not a whole number of 32 bits");
                }

                Add(vocab.Utf8Name(member), id, 0);
            }
        }

        foreach (AddedToken token in left.Values) builder.Add(token.Id, Encoding.UTF8.GetBytes(token.Text), TypeOf(token), 0);
        return builder.Build();

        void Add(ReadOnlySpan<byte> text, int id, float score)
        {
            if (!left.Remove(id, out AddedToken? token))
            {
                builder.Add(id, text, TokenType.Normal, score);
                return;
            }

            bool same = Encoding.UTF8.GetBytes(token.Text).AsSpan().SequenceEqual(text);
            if (!same) throw root["added_tokens"].Error($"the id {id} is that of another token in the vocabulary");
            builder.Add(id, text, TypeOf(token), score);
        }
    }

    private static string Shown(JsonElement value)
    {
        string raw = value.GetRawText();
        return raw.Length <= 40 ? raw : raw[..40] + "…";
    }

    private static TokenType TypeOf(AddedToken token) => token.Special ? TokenType.Control : TokenType.UserDefined;

    private static int? Find(string text, List<AddedToken> added, Vocabulary vocabulary, bool byteLevel)
    {
        if (added.Find(token => token.Text == text) is { } token) return token.Id;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte[] raw = new byte[bytes.Length];
        int id = byteLevel && ByteLevelAlphabet.TryDecode(bytes, raw, out int length) ? vocabulary.Find(raw.AsSpan(0, length)) : vocabulary.Find(bytes);
        return id < 0 ? null : id;
    }

    private int? Unknown(JsonField model, Vocabulary vocabulary, bool byteLevel)
    {
        JsonField id = model["unk_id"];
        if (!id.IsNull) return id.Integer() is >= 0 and int given && given < vocabulary.Count ? given : throw id.Error("is not an id of the vocabulary");
        JsonField text = model["unk_token"];
        if (text.IsNull) return null;
        string name = text.Element.ValueKind == JsonValueKind.Object ? text["content"].Text() : text.Text();
        int? found = rowless.Kept(RowlessTokens.Unknown, Find(name, ReadAddedTokens(), vocabulary, byteLevel));
        if (!byteLevel && !model["byte_fallback"].FlagOr(false)) rowless.Require(RowlessTokens.Unknown, model["unk_token"].Path);
        return found;
    }

    private TokenModel ReadModel(string type, JsonField model, Vocabulary vocabulary, bool byteLevel, int? unknown)
    {
        switch (type)
        {
            case "BPE":
                foreach (string affix in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
                {
                    if (model[affix].TextOr("").Length > 0) throw model[affix].Error("is not supported for byte-pair encoding");
                }

                var options = new BpeOptions
                {
                    ByteLevel = byteLevel,
                    IgnoreMerges = model["ignore_merges"].FlagOr(false),
                    ByteFallback = model["byte_fallback"].FlagOr(false),
                    UnknownId = unknown,
                    FuseUnknown = model["fuse_unk"].FlagOr(false),
                };
                return new BpeModel<RankedMerges>(vocabulary, new RankedMerges(ReadMerges(model["merges"], vocabulary, byteLevel)), options);
            case "Unigram":
                return new UnigramModel(vocabulary, unknown ?? -1, model["byte_fallback"].FlagOr(false));
            case "WordPiece":
                int longest = model["max_input_chars_per_word"].IsNull ? 100 : model["max_input_chars_per_word"].Integer();
                byte[] continuation = Encoding.UTF8.GetBytes(model["continuing_subword_prefix"].TextOr("##"));
                int id = unknown ?? throw model["unk_token"].Error("names no token of the vocabulary");
                return new WordPieceModel(vocabulary, id, [], continuation, longest);
            default: throw model["type"].Error($"the model '{type}' is not supported; supported are BPE, Unigram and WordPiece");
        }
    }

    private MergeTable ReadMerges(JsonField field, Vocabulary vocabulary, bool byteLevel)
    {
        JsonElement.ArrayEnumerator items = field.Elements();
        var merges = new MergeReader(vocabulary, byteLevel, field.Element.GetArrayLength(), strict: true, root.File, field.Path);
        foreach (JsonElement item in items)
        {
            if (item.ValueKind != JsonValueKind.Array) merges.Add(field.Utf8(item));
            else if (item.GetArrayLength() == 2) merges.Add(field.Utf8(item[0]), field.Utf8(item[1]));
            else throw field.Error("holds a merge that is not of two tokens");
        }

        return merges.Table;
    }
}
