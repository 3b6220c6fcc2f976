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
    /// <param name="rowless">Tokens that were left out of it; no part is given to them.</param>
    /// <exception cref="ModelFormatException">A file names an id that is not of the vocabulary.</exception>
    public SpecialTokens Read(Func<string, int?> find, int? unknown, int count, RowlessTokens rowless)
    {
        int[] ends = Ids(_generation, "eos_token_id", RowlessTokens.End), configEnds = Ids(_config, "eos_token_id", RowlessTokens.End);
        int[] begins = Ids(_generation, "bos_token_id", RowlessTokens.Begin), configBegins = Ids(_config, "bos_token_id", RowlessTokens.Begin);
        return new SpecialTokens
        {
            Bos = Named(RowlessTokens.Bos) ?? First(configBegins) ?? First(begins),
            Eos = Named(RowlessTokens.Eos) ?? First(configEnds) ?? First(ends),
            Unknown = Named(RowlessTokens.Unknown) ?? unknown,
            Pad = Named(RowlessTokens.Pad) ?? First(Padding()),
            Ends = [.. ends.Concat(configEnds).Distinct()],
        };

        int? Named(string part) => rowless.Kept(part, NameOf(part + "_token") is { } name ? find(name) : null);

        int[] Ids(JsonField source, string name, string part) => [.. KnownIds(source, name, count, rowless).Where(id => rowless.Kept(part, id) is not null)];

        // Nothing is padded here, and some published files name a token that they do not have.
        int[] Padding() => [.. Given(_config, "pad_token_id").Select(item => item.Integer()).Where(id => id >= 0 && rowless.Kept(RowlessTokens.Pad, id) < count)];

        static int? First(int[] ids) => ids.Length > 0 ? ids[0] : null;
    }

    /// <summary>Adds or takes away begin and end of text where tokenizer_config.json says so.</summary>
    /// <exception cref="ModelFormatException">It wants to add a token that was left out.</exception>
    public (IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix) Apply(IReadOnlyList<int> prefix, IReadOnlyList<int> suffix, SpecialTokens special, RowlessTokens rowless)
    {
        if (_tokenizer.IsNull) return (prefix, suffix);
        bool decides = _flagged.Contains(Optional(_tokenizer, "tokenizer_class").TextOr(""));
        if (Optional(_tokenizer, "add_bos_token").FlagOr(false)) Require(RowlessTokens.Bos, special.Bos is null ? RowlessTokens.Begin : null, "add_bos_token");
        if (Optional(_tokenizer, "add_eos_token").FlagOr(false)) Require(RowlessTokens.Eos, special.Eos is null ? RowlessTokens.End : null, "add_eos_token");
        prefix = Apply(prefix, special.Bos, Optional(_tokenizer, "add_bos_token"), decides, atStart: true);
        suffix = Apply(suffix, special.Eos, Optional(_tokenizer, "add_eos_token"), decides, atStart: false);
        return (prefix, suffix);

        void Require(string named, string? inModel, string flag)
        {
            rowless.Require(named, flag);
            if (inModel is not null) rowless.Require(inModel, flag);
        }
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

    private string? NameOf(string part)
    {
        JsonField field = Optional(_tokenizer, part);
        if (field.IsNull) return null;
        return field.Element.ValueKind == JsonValueKind.Object ? field["content"].Text() : field.Text();
    }

    /// <summary>The ids that a file gives, without -1, which stands for none.</summary>
    private static IEnumerable<int> KnownIds(JsonField source, string name, int count, RowlessTokens rowless) =>
        Given(source, name).Where(item => item.Integer() != -1).Select(item => item.Integer() is >= 0 and int id && (id < count || rowless.Has(id)) ? id : throw item.Error($"is {item.Integer()}, but the tokenizer's ids are 0 to {count - 1}; set it to the right token"));

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
