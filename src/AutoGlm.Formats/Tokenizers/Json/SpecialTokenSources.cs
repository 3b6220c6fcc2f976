using System.Text.Json;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>What the files beside a tokenizer.json say of special tokens; tokenizer_config.json first, then config.json.</summary>
internal sealed class SpecialTokenSources(string tokenizerPath, JsonElement? tokenizerConfig, JsonElement? config, JsonElement? generationConfig)
{
    // Classes whose flags decide, against the file's own post-processor.
    private static readonly string[] _flagged =
    [
        "LlamaTokenizer", "LlamaTokenizerFast", "CodeLlamaTokenizer", "CodeLlamaTokenizerFast", "GemmaTokenizer", "GemmaTokenizerFast",
        "CohereTokenizerFast",
    ];

    private readonly JsonField _tokenizer = Field(tokenizerPath, "tokenizer_config.json", tokenizerConfig);
    private readonly JsonField _config = Field(tokenizerPath, "config.json", config);
    private readonly JsonField _generation = Field(tokenizerPath, "generation_config.json", generationConfig);

    /// <param name="find">The id of a token's text.</param>
    /// <param name="unknown">What tokenizer.json has for text without a token.</param>
    /// <param name="count">The vocabulary's size.</param>
    /// <exception cref="ModelFormatException">A file names an id that is not of the vocabulary.</exception>
    public SpecialTokens Read(Func<string, int?> find, int? unknown, int count)
    {
        int[] ends = Ids(_generation, "eos_token_id", count), configEnds = Ids(_config, "eos_token_id", count);
        int[] begins = Ids(_generation, "bos_token_id", count), configBegins = Ids(_config, "bos_token_id", count);
        return new SpecialTokens
        {
            Bos = Named("bos_token", find) ?? First(configBegins) ?? First(begins),
            Eos = Named("eos_token", find) ?? First(configEnds) ?? First(ends),
            Unknown = Named("unk_token", find) ?? unknown,
            // Nothing is padded here, and some published files name a token that they do not have.
            Pad = Named("pad_token", find) ?? First([.. Given(_config, "pad_token_id").Select(item => item.Integer()).Where(id => id >= 0 && id < count)]),
            Ends = [.. ends.Concat(configEnds).Distinct()],
        };

        static int? First(int[] ids) => ids.Length > 0 ? ids[0] : null;
    }

    /// <summary>Adds or takes away begin and end of text where tokenizer_config.json says so.</summary>
    public (IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix) Apply(IReadOnlyList<int> prefix, IReadOnlyList<int> suffix, SpecialTokens special)
    {
        if (_tokenizer.IsNull) return (prefix, suffix);
        bool decides = _flagged.Contains(Optional(_tokenizer, "tokenizer_class").TextOr(""));
        prefix = Apply(prefix, special.Bos, Optional(_tokenizer, "add_bos_token"), decides, atStart: true);
        suffix = Apply(suffix, special.Eos, Optional(_tokenizer, "add_eos_token"), decides, atStart: false);
        return (prefix, suffix);
    }

    private static IReadOnlyList<int> Apply(IReadOnlyList<int> ids, int? id, JsonField flag, bool decides, bool atStart)
    {
        if (id is not { } token || flag.IsNull) return ids;
        bool has = ids.Contains(token);
        if (flag.FlagOr(false)) return has ? ids : atStart ? [token, .. ids] : [.. ids, token];
        return has && decides ? [.. ids.Where(other => other != token)] : ids;
    }

    private static JsonField Field(string tokenizerPath, string name, JsonElement? element)
    {
        string path = Path.Combine(Path.GetDirectoryName(tokenizerPath) ?? "", name);
        return new JsonField(path, "", element is { ValueKind: JsonValueKind.Object } given ? given : default);
    }

    private static JsonField Optional(JsonField field, string name) => field.IsNull ? field : field[name];

    private int? Named(string name, Func<string, int?> find)
    {
        JsonField field = Optional(_tokenizer, name);
        if (field.IsNull) return null;
        string text = field.Element.ValueKind == JsonValueKind.Object ? field["content"].Text() : field.Text();
        return find(text);
    }

    /// <summary>The ids that a file gives, without -1, which stands for none.</summary>
    private static int[] Ids(JsonField source, string name, int count) =>
        [.. Given(source, name).Where(item => item.Integer() != -1).Select(item => item.Integer() is >= 0 and int id && id < count ? id : throw item.Error($"is {item.Integer()}, but the tokenizer's ids are 0 to {count - 1}; set it to the right token"))];

    private static IEnumerable<JsonField> Given(JsonField source, string name)
    {
        if (source.IsNull) return [];
        JsonField field = source[name];
        // Models of several parts keep the language model's numbers one level down.
        if (field.IsNull && !source["text_config"].IsNull) field = source["text_config"][name];
        if (field.IsNull) return [];
        return field.Element.ValueKind == JsonValueKind.Array ? field.Items() : [field];
    }
}
