using System.Text;

namespace AutoGlm.Formats.Tokenizers;

/// <summary>Reads the <c>normalizer</c> of a tokenizer.json.</summary>
internal static class NormalizerJson
{
    public static Normalizer? Read(JsonField field)
    {
        if (field.IsNull) return null;
        string type = field["type"].Text();
        switch (type)
        {
            case "Sequence":
                Normalizer[] steps = [.. field["normalizers"].Items().Select(Read).OfType<Normalizer>()];
                return steps.Length == 0 ? null : new Normalizer.Sequence(steps);
            case "NFC": return new Normalizer.Unicode(NormalizationForm.FormC);
            case "NFD": return new Normalizer.Unicode(NormalizationForm.FormD);
            case "NFKC": return new Normalizer.Unicode(NormalizationForm.FormKC);
            case "NFKD": return new Normalizer.Unicode(NormalizationForm.FormKD);
            case "Lowercase": return new Normalizer.Lowercase();
            case "Prepend": return new Normalizer.Prepend(field["prepend"].Text());
            case "Strip": return new Normalizer.Strip(field["strip_left"].FlagOr(true), field["strip_right"].FlagOr(true));
            case "StripAccents": return new Normalizer.StripAccents();
            case "Replace": return Replace(field);
            case "BertNormalizer":
                bool lowercase = field["lowercase"].FlagOr(true);
                return new BertNormalizer(
                    field["clean_text"].FlagOr(true), field["handle_chinese_chars"].FlagOr(true), field["strip_accents"].FlagOr(lowercase), lowercase);
            case "Precompiled": return Precompiled(field["precompiled_charsmap"]);
            // The bytes' alphabet is the vocabulary's own affair here: see VocabularyBuilder.
            case "ByteLevel": return null;
            default: throw field["type"].Error($"the normalizer '{type}' is not supported");
        }
    }

    private static Normalizer Replace(JsonField field)
    {
        string content = field["content"].Text();
        JsonField text = field["pattern"]["String"];
        if (!text.IsNull)
        {
            return text.Text() is { Length: > 0 } pattern ? new Normalizer.ReplaceText(pattern, content) : throw text.Error("must not be empty");
        }

        return new Normalizer.ReplaceMatches(PreTokenizerJson.Regex(field["pattern"]["Regex"]), content);
    }

    private static Normalizer? Precompiled(JsonField map)
    {
        if (map.IsNull) return null;
        try
        {
            byte[] bytes = Convert.FromBase64String(map.Text());
            return bytes.Length == 0 ? null : new PrecompiledNormalizer(bytes, map.File, map.Path);
        }
        catch (FormatException e)
        {
            throw map.Error("is not base 64", e);
        }
    }
}
